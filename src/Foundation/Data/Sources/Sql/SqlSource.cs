using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;
using EventMl.Arrow;
using Npgsql;
using Npgsql.PostgresTypes;

namespace EventMl.Data.Sources.Sql;

/// <summary>The rows of one query, streamed from PostgreSQL in a transaction that only reads.</summary>
public sealed partial class SqlSource : IBatchSource
{
    private const string Name = "the query";
    private readonly SqlOptions _options;
    private readonly IBadRowSink _badRows;
    private readonly NpgsqlConnection _connection;
    private readonly IReadOnlyList<SqlColumn> _columns;
    private readonly string _query;
    private long _done;

    private SqlSource(SqlOptions options, IBadRowSink badRows)
    {
        (_options, _badRows, _query) = (options, badRows, options.Query.Trim().TrimEnd(';'));
        _connection = Connect(options.ConnectionString);
        try
        {
            Run("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
            (Schema, _columns) = Describe();
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public ArrowSchema Schema { get; }

    /// <inheritdoc />
    public SourceProgress Progress => new(Interlocked.Read(ref _done), 0, "rows");

    /// <summary>Connects, and asks for the query's columns.</summary>
    /// <exception cref="SourceException">The database cannot be reached, or does not take the query.</exception>
    public static SqlSource Open(SqlOptions options, IBadRowSink badRows) => new(options, badRows);

    /// <inheritdoc />
    public IEnumerable<RecordBatch> Read(CancellationToken cancellationToken)
    {
        // The newline ends a comment that the query may end with. That the query is one statement by itself was seen when it was described.
        var copy = Try(() => _connection.BeginRawBinaryCopy($"COPY ({_query}\n) TO STDOUT (FORMAT BINARY)"));
        using var reader = new CopyReader(copy, _columns.Count, Name);
        using var cancelling = cancellationToken.Register(copy.Cancel);
        while (true)
        {
            var more = Try(() => reader.Next(_options.BatchRows, _options.BatchBytes));
            cancellationToken.ThrowIfCancellationRequested();
            if (!more)
            {
                yield break;
            }

            var bad = new SortedDictionary<int, BadRow>();
            var batch = Build(reader, bad, isRetry: false);
            batch = bad.Count > 0 ? Build(reader, bad, isRetry: true) : batch;
            foreach (var row in bad.Values)
            {
                _badRows.Add(row);
            }

            Interlocked.Add(ref _done, reader.Count);
            yield return batch;
        }
    }

    /// <inheritdoc />
    public void Dispose() => _connection.Dispose();

    private static NpgsqlConnection Connect(string connectionString)
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, CommandTimeout = 0 }.ConnectionString);
            connection.Open();
            return connection;
        }
        catch (Exception e) when (e is NpgsqlException or ArgumentException or FormatException or TimeoutException or System.Net.Sockets.SocketException)
        {
            connection?.Dispose();
            // An argument's message may quote the connection string.
            throw new SourceException($"The database of this connection cannot be reached: {(e is NpgsqlException ? e.Message : "its connection string is malformed")}. Ask whoever runs the platform to check it.", e is NpgsqlException ? e : null);
        }
    }

    private (ArrowSchema Schema, IReadOnlyList<SqlColumn> Columns) Describe()
    {
        using var command = new NpgsqlCommand(_query, _connection);
        using var reader = Try(() => command.ExecuteReader(System.Data.CommandBehavior.SchemaOnly));
        var (fields, columns) = (new List<ArrowField>(), new List<SqlColumn>());
        for (var i = 0; i < reader.FieldCount; i++)
        {
            var (name, type) = (reader.GetName(i), reader.GetPostgresType(i));
            var (precision, scale) = NumericPattern().Match(reader.GetDataTypeName(i)) is { Success: true } match
                ? (int.Parse(match.Groups["precision"].ValueSpan, CultureInfo.InvariantCulture), match.Groups["scale"].Success ? int.Parse(match.Groups["scale"].ValueSpan, CultureInfo.InvariantCulture) : 0)
                : (38, _options.DefaultScale);
            columns.Add(SqlColumn.Find(NameOf(type), precision, scale)
                ?? throw new SourceException($"Column '{name}' is {reader.GetDataTypeName(i)}, which has no Arrow type; cast it in the query, for instance {name}::text."));
            fields.Add(new ArrowField(name, columns[i].Type));
        }

        return fields.Count == 0 ? throw new SourceException("The query gives no columns; it must be one SELECT.")
            : fields.CountBy(f => f.Name, StringComparer.Ordinal).FirstOrDefault(f => f.Value > 1).Key is { } twice
                ? throw new SourceException($"The query gives two columns named '{twice}'; name them apart with AS.")
            : (new ArrowSchema(fields), columns);
    }

    private static string NameOf(PostgresType type) => type switch
    {
        PostgresDomainType domain => NameOf(domain.BaseType),
        PostgresEnumType => "text",
        PostgresArrayType { Element: var element } => "_" + NameOf(element),
        _ => type.InternalName,
    };

    private RecordBatch Build(CopyReader reader, SortedDictionary<int, BadRow> bad, bool isRetry)
    {
        var builder = new RecordBatchBuilder(Schema);
        for (var row = 0; row < reader.Count; row++)
        {
            if (isRetry && bad.ContainsKey(row))
            {
                continue;
            }

            var rest = reader.Row(row);
            var rows = builder.Length;
            for (var i = 0; i < _columns.Count; i++)
            {
                var length = BinaryPrimitives.ReadInt32BigEndian(rest);
                rest = rest[4..];
                var column = builder.Column(i);
                if (length < 0)
                {
                    column.AppendNull();
                    continue;
                }

                if (_columns[i].Take(rest[..length], column) is { } fault)
                {
                    bad.TryAdd(row, new BadRow(Name, _done + row + 1, null, Schema.Fields[i].Name, fault, reader.Row(row).ToArray()));
                    if (column.Length == rows)
                    {
                        column.AppendNull();
                    }
                }

                rest = rest[length..];
            }
        }

        return builder.Build();
    }

    private void Run(string sql)
    {
        using var command = new NpgsqlCommand(sql, _connection);
        Try(command.ExecuteNonQuery);
    }

    private static T Try<T>(Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.QueryCanceled)
        {
            throw new OperationCanceledException("The query was cancelled.", e);
        }
        catch (PostgresException e)
        {
            throw new SourceException($"The database refuses the query: {e.MessageText}{(e.Position > 0 ? $" (at character {e.Position})" : "")}", e);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or NotSupportedException or InvalidOperationException)
        {
            throw new SourceException($"The query cannot be read: {e.Message}", e);
        }
    }

    [GeneratedRegex(@"^numeric\((?<precision>\d+)(?:, ?(?<scale>\d+))?\)", RegexOptions.None, 1000)]
    private static partial Regex NumericPattern();
}
