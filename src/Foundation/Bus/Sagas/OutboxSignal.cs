using EventMl.EventStore;

namespace EventMl.Bus;

/// <summary>Wakes the dispatcher of this process after a saga's commit.</summary>
internal sealed class OutboxSignal : WakeUp;
