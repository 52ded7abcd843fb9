using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Datasets;
using EventMl.Jobs;

namespace EventMl.Services.Tests.Datasets;

public sealed class DatasetTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Shows_a_version_once_when_its_commit_is_reported_twice()
    {
        Given().Ingest(Version(1)).Events.ShouldBe([Version(1)]);
        Given(Version(1)).Ingest(Version(1)).Events.ShouldBeEmpty();
        Given(Version(1)).Ingest(Version(2)).Events.ShouldBe([Version(2)]);
    }

    [Fact]
    public void Keeps_the_highest_version_when_versions_arrive_out_of_order()
    {
        Given(Version(2), Version(1)).Latest.ShouldBe(2);
        Given(Version(2), Version(1)).Ingest(Version(3)).Events.Count.ShouldBe(1);
    }

    [Fact]
    public void Is_deleted_once_and_lives_again_with_its_next_version()
    {
        Given(Version(1)).Delete("digits", Now).Events.ShouldBe([new DatasetDeleted("digits", Now)]);
        Given().Delete("digits", Now).Refusal!.Code.ShouldBe(ErrorCodes.DatasetNotFound);
        var deleted = Given(Version(1), new DatasetDeleted("digits", Now));
        deleted.Exists.ShouldBeFalse();
        deleted.Delete("digits", Now).Refusal!.Code.ShouldBe(ErrorCodes.DatasetNotFound);
        Given(Version(1), new DatasetDeleted("digits", Now), Version(2)).Exists.ShouldBeTrue();
    }

    private static DataIngested Version(long version) =>
        new("digits", version, "ingest-1", 1, "lake://datasets/digits", "ab", "/lake/datasets/digits", [], 3, 30, RequestRules.EmptyObject, Now);

    private static Dataset Given(params object[] events) => events.Aggregate(Dataset.Initial, (state, e) => state.Evolve(e));
}
