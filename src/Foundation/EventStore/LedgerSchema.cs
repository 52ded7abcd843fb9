using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Npgsql;

namespace EventMl.EventStore;

/// <summary>An area and the categories of streams that only its role (<c>eventml_&lt;area&gt;</c>) may append to.</summary>
/// <param name="Area">Lower-case name, also the schema of its tables.</param>
/// <param name="Categories">Text before the first <c>-</c> of its stream ids.</param>
public sealed record CategoryOwner(string Area, params string[] Categories)
{
    /// <summary>The database role of the area.</summary>
    public string Role => $"eventml_{Area}";
}

/// <summary>The tables of the ledger are missing, or are not the ones this build was made for.</summary>
public sealed class LedgerSchemaException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Sets up the ledger's tables, the areas' schemas and view tables, and the roles; safe to run any number of times, also at once.</summary>
public static partial class LedgerSchema
{
    private static readonly IReadOnlyList<Script> _scripts = ReadScripts();

    /// <summary>Creates what is missing. Scripts run once each, in order.</summary>
    /// <exception cref="LedgerSchemaException">A script was applied with other content, or the user may not create roles.</exception>
    public static async Task DeclareAsync(
        NpgsqlDataSource dataSource, LedgerOptions options, IEnumerable<IInlineView> views, IEnumerable<CategoryOwner> owners, CancellationToken cancellationToken = default)
    {
        var viewList = views.ToArray();
        var ownerList = owners.ToArray();
        RequireNames(options, viewList, ownerList);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await LedgerRoles.CreateAsync(connection, ownerList, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // Waits for others that declare, and may have large tables to change.
        await ExecuteAsync(connection, "set local statement_timeout = 0", cancellationToken);
        await ExecuteAsync(connection, $"select pg_advisory_xact_lock(hashtextextended('eml_schema {options.Schema}', 0))", cancellationToken);
        await ExecuteAsync(connection, $"""
            create schema if not exists {options.Schema};
            create table if not exists {options.Schema}.eml_schema (version int primary key, name text not null, sha256 text not null, applied_at timestamptz not null);
            """, cancellationToken);
        await ApplyScriptsAsync(connection, options.Schema, cancellationToken);
        foreach (var schema in viewList.Select(v => v.Schema).Concat(ownerList.Select(o => o.Area)).Distinct(StringComparer.Ordinal))
        {
            await ExecuteAsync(connection, $"create schema if not exists {schema}", cancellationToken);
        }

        foreach (var view in viewList)
        {
            await ExecuteAsync(connection, view.CreateSql, cancellationToken);
        }

        await LedgerRoles.GrantAsync(connection, options.Schema, ownerList, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Creates the role of an area that appends nothing, and lets it use the rows of its own schema.</summary>
    /// <exception cref="LedgerSchemaException">The area is no name, or the user may not create roles.</exception>
    public static async Task DeclareRoleAsync(NpgsqlConnection connection, string area, CancellationToken cancellationToken = default)
    {
        var owner = new CategoryOwner(area);
        RequireNames(new LedgerOptions(), [], [owner]);
        await LedgerRoles.CreateAsync(connection, [owner], cancellationToken);
        await ExecuteAsync(connection, $"""
            grant usage on schema {area} to {owner.Role};
            grant select, insert, update, delete on all tables in schema {area} to {owner.Role};
            """, cancellationToken);
    }

    /// <summary>Whether every script of this build was applied; quick enough for each start.</summary>
    public static async Task<bool> IsDeclaredAsync(NpgsqlDataSource dataSource, LedgerOptions options, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var exists = new NpgsqlCommand("select to_regclass($1) is not null", connection);
        exists.Parameters.AddWithValue($"{options.Schema}.eml_schema");
        return (bool)(await exists.ExecuteScalarAsync(cancellationToken))!
            && (await AppliedAsync(connection, options.Schema, cancellationToken)) is var applied
            && _scripts.All(s => applied.TryGetValue(s.Version, out var sha) && sha == s.Sha256);
    }

    internal static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task ApplyScriptsAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        var applied = await AppliedAsync(connection, schema, cancellationToken);
        foreach (var script in _scripts)
        {
            if (applied.TryGetValue(script.Version, out var sha))
            {
                if (sha != script.Sha256)
                {
                    throw new LedgerSchemaException(
                        $"Schema script {script.Name} was applied to schema '{schema}' with other content. Applied scripts never change: restore it and put the change into a new script with the next number.");
                }

                continue;
            }

            await ExecuteAsync(connection, Qualifier().Replace(script.Sql, $"{schema}."), cancellationToken);
            await using var record = new NpgsqlCommand($"insert into {schema}.eml_schema values ($1, $2, $3, clock_timestamp())", connection);
            record.Parameters.AddWithValue(script.Version);
            record.Parameters.AddWithValue(script.Name);
            record.Parameters.AddWithValue(script.Sha256);
            await record.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static async Task<Dictionary<int, string>> AppliedAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"select version, sha256 from {schema}.eml_schema", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var applied = new Dictionary<int, string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            applied.Add(reader.GetInt32(0), reader.GetString(1));
        }

        return applied;
    }

    private static void RequireNames(LedgerOptions options, IInlineView[] views, CategoryOwner[] owners)
    {
        foreach (var name in (string[])[options.Schema, .. views.Select(v => v.Schema), .. owners.Select(o => o.Area)])
        {
            if (!Name().IsMatch(name))
            {
                throw new LedgerSchemaException($"'{name}' cannot name a schema: use at most 41 lower-case letters, digits and underscores, a letter first.");
            }
        }

        foreach (var category in owners.SelectMany(o => o.Categories).Concat(views.Select(v => v.Category)))
        {
            if (!Name().IsMatch(category))
            {
                throw new LedgerSchemaException($"'{category}' cannot be a category: a stream id ends its category at the first '-', so use lower-case letters, digits and underscores.");
            }
        }
    }

    private static Script[] ReadScripts()
    {
        var assembly = typeof(LedgerSchema).Assembly;
        return [.. assembly.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(n => Script.Read(assembly, n))];
    }

    // Scripts are written for the default schema.
    [GeneratedRegex(@"\bledger\.", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Qualifier();

    [GeneratedRegex(@"\A[a-z][a-z0-9_]{0,40}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();

    private sealed record Script(int Version, string Name, string Sql, string Sha256)
    {
        public static Script Read(Assembly assembly, string name)
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
            var sql = reader.ReadToEnd().ReplaceLineEndings("\n");
            return new Script(int.Parse(name.AsSpan(0, 3)), name, sql, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql))));
        }
    }
}
