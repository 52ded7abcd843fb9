using EventMl.Testing;

namespace EventMl.EndToEnd.Tests.Chaos;

/// <summary>Looks for anything done twice, lost or left hanging, with plain SQL over the ledger and the areas' tables.</summary>
internal static class ChaosAudit
{
    // The events by which a command of a client is decided; others with the same cause come later.
    private const string Deciding =
        """
        'training_requested', 'training_rejected', 'training_cancel_requested', 'ingestion_requested', 'ingestion_rejected', 'ingestion_cancel_requested',
        'promotion_decided', 'evaluation_requested', 'model_rejected', 'model_deleted', 'dataset_deleted', 'dataset_rejected',
        'inference_service_created', 'inference_service_deleted', 'inference_service_rejected'
        """;

    private static readonly (string What, string Sql)[] Rules =
    [
        ("positions have gaps, or an event has none", "select count(*)::text from ledger.eml_position having count(*) <> (select count(*) from ledger.mt_events) or max(position) <> count(*)"),
        ("versions of a stream have gaps", "select stream_id from ledger.mt_events where not starts_with(type, 'tombstone') group by 1 having max(version) <> count(*)"),
        ("a task was not ended exactly once",
            """
            select stream_id from ledger.mt_events where stream_id like 'training\_task-%' or stream_id like 'ingestion\_task-%' group by 1
            having count(*) filter (where type in ('training_requested', 'ingestion_requested')) <> 1
              or count(*) filter (where type in ('training_completed', 'training_failed', 'ingestion_completed', 'ingestion_failed')) <> 1
            """),
        ("an epoch of an attempt is there twice", "select stream_id from ledger.mt_events where type = 'epoch_completed' group by 1, data->>'Attempt', data->>'Epoch' having count(*) > 1"),
        ("a training made more or less than one model",
            """
            select data->>'TaskId' from ledger.mt_events where type in ('model_trained', 'model_registered', 'training_completed') group by 1
            having count(*) filter (where type = 'model_trained') <> 1
              or count(*) filter (where type = 'model_registered') <> count(*) filter (where type = 'training_completed')
              or count(*) filter (where type = 'model_registered') > 1
            """),
        ("an ingestion made more or less than one version",
            """
            select data->>'TaskId' from ledger.mt_events where type in ('data_ingested', 'ingestion_completed') group by 1
            having count(*) filter (where type = 'data_ingested') <> 1 or count(*) filter (where type = 'ingestion_completed') <> 1
            """),
        ("an evaluation was not answered exactly once",
            """
            select data->>'EvaluationId' from ledger.mt_events where type in ('evaluation_requested', 'model_evaluated', 'evaluation_failed') group by 1
            having count(*) filter (where type = 'evaluation_requested') <> 1 or count(*) <> 2
            """),
        ("a judgement has not exactly one consequence",
            """
            select data->>'DecisionId' from ledger.mt_events where type in ('promotion_decided', 'model_promoted', 'promotion_refused') group by 1
            having count(*) filter (where type = 'promotion_decided') <> 1 or count(*) <> 2
            """),
        ("a service was not created and deleted exactly once",
            """
            select stream_id from ledger.mt_events where stream_id like 'inference\_service-%' group by 1
            having count(*) filter (where type = 'inference_service_created') <> 1 or count(*) filter (where type = 'inference_service_deleted') <> 1
            """),
        ("a saga is stuck", "select kind || ' ' || id || ' ' || state from sagas.saga where state not in ('Done', 'Abandoned')"),
        ("a saga still wants to send", "select message_type from sagas.outbox"),
        ("a job is left", "select id || ' ' || state from training.job where state <> 'done' union all select id || ' ' || state from datasets.job where state <> 'done' union all select id || ' ' || state from models.job where state <> 'done' union all select id || ' ' || state from serving.job where state <> 'done'"),
        ("a name is still taken", "select name from ledger.eml_name"),
    ];

    /// <summary>Everything that is wrong, in sentences; empty when nothing is.</summary>
    public static async Task<IReadOnlyList<string>> FindingsAsync(TestDatabase database, IReadOnlyCollection<ChaosCommand> commands)
    {
        var findings = new List<string>();
        foreach (var (what, sql) in Rules)
        {
            findings.AddRange((await RowsAsync(database, sql)).Take(5).Select(row => $"{what}: {row}"));
        }

        var handled = (await RowsAsync(database, InboxSql())).ToHashSet(StringComparer.Ordinal);
        findings.AddRange(commands.Where(c => !handled.Contains($"{c.Queue} {c.Id}")).Take(5).Select(c => $"never handled: {c.Name} {c.Id}"));
        var decisions = (await RowsAsync(database, $"select causation_id || ' ' || count(*) from ledger.mt_events where type in ({Deciding}) group by causation_id"))
            .Select(r => r.Split(' ')).ToDictionary(r => r[0], r => int.Parse(r[1]), StringComparer.Ordinal);
        foreach (var command in commands)
        {
            var count = decisions.GetValueOrDefault(command.Id.ToString("D"));
            if (count > 1 || (count == 0 && command.Always))
            {
                findings.Add($"decided {count} times: {command.Name} {command.Id}");
            }
        }

        return findings;
    }

    /// <summary>How many events there are of each kind, for the report.</summary>
    /// <param name="database">The ledger's.</param>
    /// <param name="kind">SQL that names an event's kind.</param>
    /// <param name="where">SQL that chooses events.</param>
    public static async Task<string> CountsAsync(TestDatabase database, string kind, string where = "true") => string.Join(", ", await RowsAsync(
        database, $"select kind || ' ' || n from (select coalesce({kind}, '') as kind, count(*) as n from ledger.mt_events where {where} group by 1) c order by n desc, kind"));

    private static string InboxSql() =>
        string.Join(" union all ", new[] { "datasets", "training", "models", "serving", "monitoring" }.Select(a => $"select consumer || ' ' || message_id from {a}.inbox"));

    private static async Task<List<string>> RowsAsync(TestDatabase database, string sql)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }
}
