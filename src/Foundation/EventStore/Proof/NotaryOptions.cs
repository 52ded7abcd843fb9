using System.ComponentModel.DataAnnotations;

namespace EventMl.EventStore.Proof;

/// <summary>How the ledger is sealed.</summary>
public sealed record NotaryOptions
{
    /// <summary>File of the signing key, ECDSA P-256 in PEM form, readable by its owner only; it is made when missing. Beside it stands <c>*.pub.pem</c>.</summary>
    [Required(ErrorMessage = "EVENTML_LEDGER_KEY must name the file of the ledger's signing key.")]
    public required string KeyPath { get; init; }

    /// <summary>So many events are sealed by one anchor at most, give or take a batch. The default is 1000.</summary>
    [Range(1, 100_000, ErrorMessage = "EVENTML_LEDGER_ANCHOR_EVENTS must be from 1 to 100000.")]
    public int EventsPerAnchor { get; init; } = 1000;

    /// <summary>How long an event waits for its anchor at most. The default is one minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00", ErrorMessage = "EVENTML_LEDGER_ANCHOR_SECONDS must be from 1 to 86400.")]
    public TimeSpan AnchorInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How often the notary looks for new events. The default is half a second.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00", ErrorMessage = "Notary:PollInterval must be from 00:00:00.001 to 00:01:00.")]
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>How long the notary waits before it looks again at a record that it refuses to sign. The default is one minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00", ErrorMessage = "Notary:RefusalInterval must be from 00:00:00.001 to 01:00:00.")]
    public TimeSpan RefusalInterval { get; init; } = TimeSpan.FromMinutes(1);
}
