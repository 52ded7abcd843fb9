using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.Contracts.Serving;
using EventMl.Jobs;
using EventMl.Serving;

namespace EventMl.Services.Tests.Serving;

public sealed class InferenceServiceTests
{
    private const string Id = "serve-1";
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly InferenceServiceCreated Created = new(Id, "n", "cnn", 1, "lake://models/cnn", 1, "ab", "cpu", 0, Now);
    private static readonly InferenceServiceStarted Started = new(Id, 1, "w", "http://localhost:9", 9, Now);
    private static readonly TaskError Error = new(ErrorCodes.Unavailable, "why");

    [Fact]
    public void Is_created_once_when_asked_twice()
    {
        Given().Create(Created).Events.ShouldBe([Created]);
        Given(Created).Create(Created).Events.ShouldBeEmpty();
    }

    [Fact]
    public void Starts_with_newer_attempts_only_while_it_exists()
    {
        Given(Created).Start(Id, 1, "w", "http://localhost:9", 9, Now).Events.ShouldBe([Started]);
        Given(Created, Started).Start(Id, 1, "w", "http://localhost:9", 9, Now).Events.ShouldBeEmpty();
        Given(Created, Started).Start(Id, 2, "v", "http://localhost:8", 8, Now).Events.Count.ShouldBe(1);
        Given(Created, Started, new InferenceServiceDeleted(Id, Now)).Start(Id, 2, "v", "http://localhost:8", 8, Now).Events.ShouldBeEmpty();
    }

    [Fact]
    public void Fails_for_the_attempt_that_holds_it()
    {
        Given(Created).Fail(Id, 1, Error, Now).Events.ShouldBe([new InferenceServiceFailed(Id, 1, Error, Now)]);
        Given(Created, Started, new InferenceServiceStarted(Id, 2, "v", "http://localhost:8", 8, Now)).Fail(Id, 1, Error, Now).Events.ShouldBeEmpty();
        Given().Fail(Id, 1, Error, Now).Events.ShouldBeEmpty();
    }

    [Fact]
    public void Is_deleted_once()
    {
        Given(Created, Started).Delete(Id, Now).Events.ShouldBe([new InferenceServiceDeleted(Id, Now)]);
        Given().Delete(Id, Now).Refusal!.Code.ShouldBe(ErrorCodes.ServiceNotFound);
        Given(Created, new InferenceServiceDeleted(Id, Now)).Delete(Id, Now).Refusal!.Code.ShouldBe(ErrorCodes.ServiceNotFound);
    }

    [Fact]
    public void Serves_the_champion_else_the_latest_when_no_version_is_named()
    {
        Model(Registered(1), Registered(2)).Find(null)!.Version.ShouldBe(2);
        Model(Registered(1), Registered(2), new ModelPromoted("cnn", 1, null, "d", Now)).Find(null)!.Version.ShouldBe(1);
        Model(Registered(1), Registered(2), new ModelPromoted("cnn", 1, null, "d", Now)).Find(2)!.Version.ShouldBe(2);
        Model(Registered(1)).Find(3).ShouldBeNull();
        Model().Find(null).ShouldBeNull();
        Model(Registered(1), new ModelDeleted("cnn", Now)).Find(1).ShouldBeNull();
        Model(Registered(1), new ModelPromoted("cnn", 1, null, "d", Now), new ModelDeleted("cnn", Now), Registered(2)).Find(null)!.Version.ShouldBe(2);
    }

    private static ModelRegistered Registered(long version) =>
        new("cnn", version, "train-1", "lake://models/cnn", version, "ab", "/lake/models/cnn", 10, "digits", 1, null, RequestRules.EmptyObject, RequestRules.EmptyObject, Now);

    private static ModelReading Model(params object[] events) => events.Aggregate(ModelReading.Initial, (state, e) => state.Evolve(e));

    private static InferenceService Given(params object[] events) => events.Aggregate(InferenceService.Initial, (state, e) => state.Evolve(e));
}
