using System.Globalization;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Lake;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EventMl.Datasets.Viewing;

/// <summary>What two versions of a dataset differ in.</summary>
internal sealed record DatasetDiffAnswer(
    string Dataset, long From, long To, long RowsAdded, long RowsRemoved, long RowsChanged, long RowsCommon,
    IReadOnlyList<string> ColumnsAdded, IReadOnlyList<string> ColumnsDropped, IReadOnlyList<string> ColumnsReplaced,
    IReadOnlyList<string> FilesAdded, IReadOnlyList<string> FilesRemoved, long BytesAdded, long BytesRemoved);

/// <summary><c>/datasets/{id}/versions</c>: a dataset's versions, what is in them, and what they differ in.</summary>
internal static class DatasetVersionsApi
{
    private const int MaxFiles = 1000;

    public static void MapDatasetVersions(this IEndpointRouteBuilder datasets)
    {
        datasets.MapGet("/{id}/versions", ListAsync).Needs(Role.Viewer);
        datasets.MapGet("/{id}/versions/{version}", GetAsync).Needs(Role.Viewer);
        datasets.MapGet("/{id}/versions/{version}/preview", PreviewAsync).Needs(Role.Viewer);
        datasets.MapGet("/{id}/diff", DiffAsync).Needs(Role.Viewer);
        datasets.MapGet("/{id}/tags", TagsAsync).Needs(Role.Viewer);
    }

    /// <summary>The answer where there is no such dataset or version.</summary>
    public static IResult NotFound(string id, string? version = null) => ApiResults.Error(ErrorCodes.DatasetNotFound, version is null
        ? $"Dataset '{id}' does not exist; list the datasets to find its name."
        : $"Dataset '{id}' has no version '{version}'; give a number, a tag, an instant such as 2026-03-01T12:00:00Z, or '{DatasetReference.Latest}'.");

    /// <summary>The row of a version and its bytes in the lake, or the answer that takes their place.</summary>
    public static async Task<(DatasetVersionRow? Row, LakeVersion? Lake, IResult? Problem)> ReadAsync(
        string id, string version, IViewReader<DatasetHistoryRow> view, LakeStore lake, CancellationToken ct)
    {
        if (await view.GetAsync(id, ct) is not { } found || DatasetReference.Find(found.Row, version) is not { } row)
        {
            return (null, null, NotFound(id, version));
        }

        return await lake.GetAsync(LakeKind.Dataset, id, row.Version, ct) is { } stored && stored.Id == row.Root
            ? (row, stored, null)
            : (null, null, ApiResults.Error(ErrorCodes.DatasetNotFound, $"The lake holds no {id}@{row.Version} with the root {row.Root}: it was collected since, or its bytes were lost; choose another version."));
    }

    private static async Task<IResult> ListAsync(string id, Page page, AsOf asOf, DatasetHistoryView view, CancellationToken ct) =>
        await asOf.Of(view).GetAsync(id, ct) is { Row: { Deleted: false, Versions.Count: > 0 } history }
            ? await page.AnswerAsync((limit, token) => Task.FromResult(Newest(history.Versions, limit, token)))
            : NotFound(id);

    // The cursor is the version that came last; new ones do not move the rest.
    private static (IReadOnlyList<DatasetVersionRow> Items, string? Next) Newest(IReadOnlyList<DatasetVersionRow> versions, int limit, string? token)
    {
        var before = token is null ? long.MaxValue
            : long.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last : throw new FormatException("The cursor is no version.");
        var left = versions.Where(v => v.Version < before).Reverse().Take(limit + 1).ToArray();
        return left.Length <= limit ? (left, null) : (left[..limit], left[limit - 1].Version.ToString(CultureInfo.InvariantCulture));
    }

    private static async Task<IResult> GetAsync(string id, string version, AsOf asOf, DatasetHistoryView view, HttpContext http, CancellationToken ct) =>
        await asOf.Of(view).GetAsync(id, ct) is { } found && DatasetReference.Find(found.Row, version) is { } row
            ? ApiResults.Versioned(http, found.Version, row)
            : NotFound(id, version);

    private static async Task<IResult> PreviewAsync(
        string id, string version, int? limit, string? columns, AsOf asOf, DatasetHistoryView view, LakeStore lake, CancellationToken ct)
    {
        var rows = limit ?? DatasetPreview.UsualRows;
        if (rows is < 1 or > DatasetPreview.MaxRows)
        {
            return ApiResults.Refused(RequestRules.Invalid($"The parameter 'limit' must be a whole number from 1 to {DatasetPreview.MaxRows}."));
        }

        var (_, stored, problem) = await ReadAsync(id, version, asOf.Of(view), lake, ct);
        if (problem is not null)
        {
            return problem;
        }

        try
        {
            return ApiResults.Ok(await DatasetPreview.ReadAsync(stored!, rows, columns?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [], ct));
        }
        catch (LakeException e)
        {
            return ApiResults.Refused(RequestRules.Invalid(e.Message));
        }
    }

    private static async Task<IResult> DiffAsync(string id, string? from, string? to, AsOf asOf, DatasetHistoryView view, LakeStore lake, CancellationToken ct)
    {
        var reader = asOf.Of(view);
        var later = await ReadAsync(id, to ?? DatasetReference.Latest, reader, lake, ct);
        if (later.Problem is not null)
        {
            return later.Problem;
        }

        if (from is null)
        {
            return ApiResults.Refused(RequestRules.Invalid("The parameter 'from' is missing; name the version to compare with: a number, a tag or an instant."));
        }

        var earlier = await ReadAsync(id, from, reader, lake, ct);
        return earlier.Problem ?? ApiResults.Ok(Answer(id, earlier.Lake!, later.Lake!, await LakeDiff.BetweenAsync(earlier.Lake!, later.Lake!, ct)));
    }

    private static DatasetDiffAnswer Answer(string id, LakeVersion from, LakeVersion to, LakeDiff diff)
    {
        // A column that was dropped and one of its name that was added: other values in the same rows.
        var replaced = diff.ColumnsAdded.Intersect(diff.ColumnsDropped, StringComparer.Ordinal).ToArray();
        var common = to.NumRows - diff.RowsAdded;
        var (before, after) = (from.Files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal), to.Files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal));
        return new DatasetDiffAnswer(
            id, from.Version, to.Version, diff.RowsAdded, diff.RowsRemoved, replaced.Length > 0 ? common : 0, common,
            [.. diff.ColumnsAdded.Except(replaced, StringComparer.Ordinal)], [.. diff.ColumnsDropped.Except(replaced, StringComparer.Ordinal)], replaced,
            [.. after.Except(before, StringComparer.Ordinal).Take(MaxFiles)], [.. before.Except(after, StringComparer.Ordinal).Take(MaxFiles)], diff.BytesAdded, diff.BytesRemoved);
    }

    private static async Task<IResult> TagsAsync(string id, AsOf asOf, DatasetHistoryView view, HttpContext http, CancellationToken ct) =>
        await asOf.Of(view).GetAsync(id, ct) is { Row: { Deleted: false, Versions.Count: > 0 } } found
            ? ApiResults.Versioned(http, found.Version, found.Row.Tags)
            : NotFound(id);
}
