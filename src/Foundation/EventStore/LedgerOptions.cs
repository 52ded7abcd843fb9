using System.ComponentModel.DataAnnotations;

namespace EventMl.EventStore;

/// <summary>Where the ledger is and how its leader works.</summary>
public sealed record LedgerOptions
{
    /// <summary>Npgsql connection string of the platform's database.</summary>
    [Required(ErrorMessage = "EVENTML_POSTGRES is not set; start the servers with ./eventml up or give the address of a PostgreSQL 15+.")]
    public string ConnectionString { get; init; } = "";

    /// <summary>Schema of the ledger. The default is <c>ledger</c>.</summary>
    [RegularExpression("[a-z][a-z0-9_]{0,40}", ErrorMessage = "Ledger:Schema must be at most 41 lower-case letters, digits and underscores, a letter first.")]
    public string Schema { get; init; } = "ledger";

    /// <summary>How long a transaction may do nothing before the server ends it: a stopped process must not hold its locks for ever. The default is 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00", ErrorMessage = "Ledger:IdleTransactionTimeout must be from 00:00:00.1 to 1.00:00:00.")]
    public TimeSpan IdleTransactionTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one statement may take, waiting for locks included. The default is two minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00", ErrorMessage = "Ledger:StatementTimeout must be from 00:00:00.1 to 1.00:00:00.")]
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a starting process waits for a database that does not answer; servers and workers may start together, in any order. The default is one minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", ErrorMessage = "Ledger:StartPatience must be from 00:00:00 to 1.00:00:00.")]
    public TimeSpan StartPatience { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a leader may be silent before another takes over. The default is 3 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "00:05:00", ErrorMessage = "Ledger:LeaseTime must be from 00:00:00.5 to 00:05:00.")]
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often the leader looks when no signal arrives. The default is 20 milliseconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10", ErrorMessage = "Ledger:PollInterval must be from 00:00:00.001 to 00:00:10.")]
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Events sequenced or relayed at once. The default is 500.</summary>
    [Range(1, 100_000, ErrorMessage = "Ledger:BatchSize must be from 1 to 100000.")]
    public int BatchSize { get; init; } = 500;
}
