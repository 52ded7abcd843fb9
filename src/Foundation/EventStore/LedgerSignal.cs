namespace EventMl.EventStore;

/// <summary>Wakes the sequencer, the relay and the followers of this process after commits: coalesced, never inside a transaction.</summary>
public sealed class LedgerSignal
{
    /// <summary>Something was committed by this process, or another process said so.</summary>
    internal Pulse Appended { get; } = new();

    /// <summary>Something was committed by this process; others are to be told.</summary>
    internal Pulse AppendedHere { get; } = new();

    /// <summary>Events got positions.</summary>
    internal Pulse Sequenced { get; } = new();

    /// <summary>Whether the sequencer runs in this process, so that nobody else has to be told.</summary>
    internal bool SequencesHere { get; set; }

    /// <summary>Something was committed.</summary>
    public void Raise()
    {
        Appended.Raise();
        AppendedHere.Raise();
    }
}
