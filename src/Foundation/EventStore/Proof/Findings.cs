using System.Text.Json;

namespace EventMl.EventStore.Proof;

/// <summary>Gathers what is wrong in bounded memory.</summary>
internal sealed class Findings
{
    private const int MaxKept = 100;

    private readonly List<Finding> _kept = [];
    private readonly List<(long From, long To)> _missing = [];

    public long Count { get; private set; }

    /// <summary>The first finding that only a search through the whole ledger can explain.</summary>
    public Suspect? Suspect { get; private set; }

    public IReadOnlyList<Finding> Kept => [.. _kept.OrderBy(f => f.Position)];

    public void Add(long position, FindingKind kind, string message)
    {
        Count++;
        if (_kept.Count < MaxKept)
        {
            _kept.Add(new Finding(position, kind, message));
        }
    }

    /// <summary>Adds a finding whose kind may become clearer later.</summary>
    public void AddSuspect(EvidenceRow row, byte[] sealedHash, FindingKind kind, string message)
    {
        Suspect ??= new Suspect(row, sealedHash);
        Add(row.Position, kind, message);
    }

    /// <summary>Replaces the finding on a position by a clearer one.</summary>
    public void Explain(Finding clearer)
    {
        if (_kept.FindIndex(f => f.Position == clearer.Position) is >= 0 and var at)
        {
            _kept[at] = clearer;
        }
    }

    /// <summary>Notes events that are not there; neighbours become one finding.</summary>
    public void AddMissing(long from, long to)
    {
        if (_missing.Count > 0 && _missing[^1].To == from - 1)
        {
            _missing[^1] = (_missing[^1].From, to);
        }
        else if (_missing.Count < MaxKept)
        {
            _missing.Add((from, to));
        }
    }

    /// <summary>Tells of what is missing; with nothing behind it, it is the tail that was cut off.</summary>
    public void TellMissing(long lastPresent, long sealedTo)
    {
        foreach (var (from, to) in _missing)
        {
            if (from > lastPresent)
            {
                Add(from, FindingKind.TailTruncated, $"The ledger ends at position {lastPresent}, but events up to position {sealedTo} were sealed: its tail was cut off.");
            }
            else
            {
                Add(from, FindingKind.EventDeleted, from == to ? $"The event at position {from} is gone." : $"The events at positions {from} to {to} are gone.");
            }
        }
    }
}

/// <summary>An event that is not the sealed one.</summary>
internal sealed record Suspect(EvidenceRow Row, byte[] SealedHash);

/// <summary>Compares masked events with the records of their masking, which come later in the ledger.</summary>
internal sealed class MaskBook
{
    private const int MaxKept = 1000;

    private readonly SortedDictionary<long, string?> _masked = [];
    private readonly Dictionary<long, string?> _recorded = [];

    public IReadOnlyList<long> Positions => [.. _masked.Keys.Take(MaxKept)];

    public long Count => _masked.Count;

    /// <summary>An event without a salt: what is there now is bound by the masking's own commitment.</summary>
    public void Note(EvidenceRow row) =>
        _masked[row.Position] = row is { Leaf.MaskSalt: { } salt, Data: { } data } ? Convert.ToHexStringLower(Commitment.Of(salt, data)) : null;

    /// <summary>The data of an <c>EventMasked</c>.</summary>
    public void Record(string data)
    {
        var masking = Json(data);
        if (masking.ValueKind == JsonValueKind.Object && masking.TryGetProperty("Position", out var p) && p.TryGetInt64(out var position))
        {
            _recorded[position] = masking.TryGetProperty("Commitment", out var commitment) && commitment.ValueKind == JsonValueKind.String ? commitment.GetString() : null;
        }
    }

    public void Compare(Findings findings)
    {
        foreach (var (position, commitment) in _masked)
        {
            if (!_recorded.TryGetValue(position, out var recorded))
            {
                findings.Add(position, FindingKind.MaskUnrecorded, $"The event at position {position} has no salt, so its data cannot be checked, and no EventMasked says that it was masked.");
            }
            else if (commitment is null || commitment != recorded)
            {
                findings.Add(position, FindingKind.MaskUnrecorded, $"The masked event at position {position} is not the form that its EventMasked recorded.");
            }
        }
    }

    internal static JsonElement Json(string data)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(data);
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
