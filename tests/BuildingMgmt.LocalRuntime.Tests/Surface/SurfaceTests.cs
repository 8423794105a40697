using System.Reflection;
using System.Reflection.Emit;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.LocalRuntime.Tests.Surface;

public sealed class SurfaceTests
{
    [Fact]
    public void Every_public_type_and_member_is_one_of_the_real_packages()
    {
        var unknown = Listing.Unknown(typeof(FunctionContext).Assembly.GetExportedTypes());

        Assert.True(unknown.Count == 0, $"The real packages do not have, in this shape:{Environment.NewLine}{string.Join(Environment.NewLine, unknown)}");
    }

    [Fact]
    public void Every_public_type_is_in_a_namespace_of_the_real_packages_or_of_this_product()
    {
        var strangers = typeof(FunctionContext).Assembly.GetExportedTypes().Where(type =>
            !type.Namespace!.StartsWith("Microsoft.", StringComparison.Ordinal)
            && !type.Namespace.StartsWith("Azure.", StringComparison.Ordinal)
            && !type.Namespace.StartsWith("DurableTask.Core.", StringComparison.Ordinal)
            && !type.Namespace.StartsWith("BuildingMgmt.", StringComparison.Ordinal));

        Assert.Empty(strangers);
    }

    [Fact]
    public void A_made_up_type_is_reported()
    {
        var type = MadeUpModule().DefineType("Microsoft.Azure.Functions.Worker.MadeUp", TypeAttributes.Public).CreateType();

        Assert.Contains("T Microsoft.Azure.Functions.Worker.MadeUp [class]", Listing.Unknown([type]));
    }

    [Fact]
    public void A_made_up_member_of_a_real_type_is_reported_and_the_type_is_not()
    {
        var builder = MadeUpModule().DefineType("Microsoft.Azure.Functions.Worker.TimerInfo", TypeAttributes.Public);
        DefineMethod(builder, "MadeUp", typeof(void));
        var unknown = Listing.Unknown([builder.CreateType()]);

        Assert.Equal(["M Microsoft.Azure.Functions.Worker.TimerInfo::MadeUp() : void"], unknown);
    }

    [Fact]
    public void A_real_member_with_another_type_is_reported()
    {
        var builder = MadeUpModule().DefineType("Microsoft.Azure.Functions.Worker.TimerInfo", TypeAttributes.Public);
        var property = builder.DefineProperty("IsPastDue", PropertyAttributes.None, typeof(int), null);
        property.SetGetMethod(DefineMethod(builder, "get_IsPastDue", typeof(int), MethodAttributes.SpecialName));
        property.SetSetMethod(DefineMethod(builder, "set_IsPastDue", typeof(void), MethodAttributes.SpecialName, typeof(int)));
        var unknown = Listing.Unknown([builder.CreateType()]);

        Assert.Equal(["P Microsoft.Azure.Functions.Worker.TimerInfo::IsPastDue : int { get; set; }"], unknown);
    }

    [Fact]
    public void The_listings_are_there()
    {
        Assert.True(Listing.Count > 800, $"{Listing.Count} lines");
    }

    private static ModuleBuilder MadeUpModule() =>
        AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("MadeUp"), AssemblyBuilderAccess.Run).DefineDynamicModule("MadeUp");

    private static MethodBuilder DefineMethod(
        TypeBuilder type, string name, Type returns, MethodAttributes attributes = 0, params Type[] parameters)
    {
        var method = type.DefineMethod(name, MethodAttributes.Public | attributes, returns, parameters);
        var body = method.GetILGenerator();
        if (returns != typeof(void))
            body.Emit(OpCodes.Ldc_I4_0);
        body.Emit(OpCodes.Ret);
        return method;
    }
}
