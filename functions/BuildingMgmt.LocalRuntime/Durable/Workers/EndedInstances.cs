namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>Tells those who wait in this process for the end of an instance that it has ended here. A hint: an end elsewhere comes by asking the store.</summary>
internal sealed class EndedInstances
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<Registration>> _registrations = new(StringComparer.Ordinal);

    /// <summary>Register first, then read the state: an end between the two is not missed.</summary>
    public Registration Register(string instanceId)
    {
        var registration = new Registration(this, instanceId);
        lock (_lock)
        {
            if (!_registrations.TryGetValue(instanceId, out var registrations))
                _registrations.Add(instanceId, registrations = []);
            registrations.Add(registration);
        }

        return registration;
    }

    public void Tell(string instanceId)
    {
        List<Registration>? registrations;
        lock (_lock)
            _registrations.Remove(instanceId, out registrations);
        foreach (var registration in registrations ?? [])
            registration.Tell();
    }

    private void Remove(Registration registration)
    {
        lock (_lock)
        {
            if (_registrations.TryGetValue(registration.InstanceId, out var registrations)
                && registrations.Remove(registration)
                && registrations.Count == 0)
            {
                _registrations.Remove(registration.InstanceId);
            }
        }
    }

    internal sealed class Registration(EndedInstances owner, string instanceId) : IDisposable
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string InstanceId { get; } = instanceId;

        /// <summary>Completes when the instance has ended in this process.</summary>
        public Task Ended => _ended.Task;

        public void Dispose() => owner.Remove(this);

        internal void Tell() => _ended.TrySetResult();
    }
}
