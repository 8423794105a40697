using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace BuildingMgmt.LocalRuntime.Functions;

/// <summary>All functions of the app.</summary>
internal sealed record LoadedFunctions(IReadOnlyList<LoadedFunction> All)
{
    /// <summary>Those with one kind of trigger.</summary>
    public IEnumerable<(LoadedFunction Function, TTrigger Trigger)> Of<TTrigger>()
        where TTrigger : TriggerBindingAttribute =>
        from function in All
        where function.Trigger is TTrigger
        select (function, (TTrigger)function.Trigger);
}
