using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Datasets;
using EventMl.Jobs;

namespace EventMl.Services.Tests.Datasets;

/// <summary>What is decided on tags, changes and collections, from events alone.</summary>
public sealed class DatasetChangeTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DatasetChange Compact = new() { Operation = "compact" };

    [Fact]
    public void Tags_the_latest_version_unless_another_is_named()
    {
        Given(Version(1), Version(2)).Tag("digits", "gold", null, false, Now).Events.ShouldBe([new DatasetTagged("digits", "gold", 2, Now)]);
        Given(Version(1), Version(2)).Tag("digits", "gold", 3, false, Now).Refusal!.Code.ShouldBe(ErrorCodes.DatasetNotFound);
        var tagged = Given(Version(1), Version(2), new DatasetTagged("digits", "gold", 1, Now));
        tagged.Tag("digits", "gold", 1, false, Now).Events.ShouldBeEmpty();
        tagged.Tag("digits", "gold", 2, false, Now).Refusal!.Code.ShouldBe(ErrorCodes.DatasetConflict);
        tagged.Tag("digits", "gold", 2, true, Now).Events.ShouldBe([new DatasetTagged("digits", "gold", 2, Now)]);
    }

    [Fact]
    public void Accepts_a_change_once_and_ends_it_once()
    {
        var asked = new DatasetChangeRequested("digits", "change-1", Compact, Now);
        Given(Version(1)).Change("digits", "change-1", Compact, Now).Events.ShouldBe([asked]);
        var pending = Given(Version(1), asked);
        pending.Change("digits", "change-1", Compact, Now).Events.ShouldBeEmpty();
        pending.Delete("digits", Now).Refusal!.Code.ShouldBe(ErrorCodes.DatasetInUse);
        var outcome = new DatasetLeftUnchanged("digits", "change-1", "nothing to do", Now);
        pending.End("change-1", outcome).Events.ShouldBe([outcome]);
        Given(Version(1), asked, outcome).End("change-1", outcome).Events.ShouldBeEmpty();
        Given(Version(1), asked, outcome).Change("digits", "change-1", Compact, Now).Events.ShouldBeEmpty();
    }

    [Fact]
    public void Changes_only_what_there_is_and_begins_only_what_there_is_not()
    {
        Given().Change("digits", "change-1", Compact, Now).Refusal!.Code.ShouldBe(ErrorCodes.DatasetNotFound);
        Given(Version(1), new DatasetDeleted("digits", Now)).Change("digits", "change-1", Compact, Now).Refusal!.Code.ShouldBe(ErrorCodes.DatasetNotFound);
        Given(Version(1)).Begin("digits", "change-1", Compact, Now).Refusal!.Code.ShouldBe(ErrorCodes.DatasetConflict);
        Given(Version(1)).Change("digits", "change-1", new DatasetChange { Operation = "restore", Version = 2 }, Now).Refusal!.Code.ShouldBe(ErrorCodes.DatasetNotFound);
        Given(Version(1), new DatasetDeleted("digits", Now)).Change("digits", "change-1", Collect(1), Now).Events.ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(1, 0, new long[] { 1, 4 })]
    [InlineData(2, 0, new long[] { 1 })]
    [InlineData(null, 0, new long[0])]
    [InlineData(1, 3 * 24 * 3600, new long[] { 1 })]
    public void Lets_go_what_is_neither_new_young_tagged_nor_used(int? keep, long youngerThan, long[] gone)
    {
        var asked = new DatasetChangeRequested("digits", "change-1", Collect(keep, youngerThan), Now);
        var dataset = Given(Version(1, 9), Version(2, 8), Version(3, 7), Version(4, 2), Version(5, 1), new DatasetTagged("digits", "gold", 2, Now), asked);

        var decision = dataset.Expire(asked, new HashSet<long> { 3 }, Now);

        decision.Events.Cast<DatasetVersionsExpired>().SelectMany(e => e.Versions).ShouldBe(gone);
    }

    [Fact]
    public void Knows_a_collected_version_no_more_and_keeps_the_latest_of_a_deleted_dataset()
    {
        var asked = new DatasetChangeRequested("digits", "change-1", Collect(null), Now);
        var deleted = Given(Version(1, 9), Version(2, 8), new DatasetDeleted("digits", Now), asked);
        var expired = deleted.Expire(asked, new HashSet<long>(), Now).Events.ShouldHaveSingleItem();

        ((DatasetVersionsExpired)expired).Versions.ShouldBe([1]);
        var after = Given(Version(1), Version(2), expired);
        after.Find(1).ShouldBeNull();
        after.NotFound("digits", 1).Message.ShouldContain("was collected");
        after.Ingest(Version(2)).Events.ShouldBeEmpty();
    }

    private static DatasetChange Collect(int? keep, long youngerThan = 0) => new() { Operation = "collect_garbage", KeepVersions = keep, KeepYoungerThanSeconds = youngerThan };

    private static DataIngested Version(long version, int daysOld = 1) =>
        new("digits", version, "ingest-1", 1, "lake://datasets/digits", "ab", "/lake/datasets/digits", [], 3, 30, RequestRules.EmptyObject, Now - TimeSpan.FromDays(daysOld));

    private static Dataset Given(params object[] events) => events.Aggregate(Dataset.Initial, (d, e) => d.Evolve(e));
}
