using EventMl.EventStore;

namespace EventMl.Monitoring.Redriving;

/// <summary>Wakes the dispatcher of this process after a decision's commit.</summary>
internal sealed class RedriveSignal : WakeUp;
