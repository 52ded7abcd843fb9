namespace EventMl.Data.Sources.Sql;

/// <summary>A query of a PostgreSQL database.</summary>
public sealed record SqlOptions
{
    /// <summary>Npgsql connection string.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>One SELECT, VALUES, TABLE or WITH statement; it runs in a transaction that only reads.</summary>
    public required string Query { get; init; }

    /// <summary>Digits behind the point that a <c>numeric</c> without a scale keeps, of 38 in all.</summary>
    public int DefaultScale { get; init; } = 9;

    /// <summary>Rows that become one batch.</summary>
    public int BatchRows { get; init; } = 65_536;

    /// <summary>Bytes that end a batch sooner.</summary>
    public long BatchBytes { get; init; } = 16 << 20;
}
