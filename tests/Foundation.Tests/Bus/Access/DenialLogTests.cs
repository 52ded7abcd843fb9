using EventMl.Bus;
using EventMl.Contracts.Access;

namespace EventMl.Foundation.Tests.Bus.Access;

public sealed class DenialLogTests
{
    private static readonly AccessRule _rule = new(Role.Admin, "training");

    [Fact]
    public void First_is_told_at_once_and_the_rest_as_a_number()
    {
        var log = new DenialLog(new AccessOptions { DenialPeriod = TimeSpan.FromHours(1) }, TimeProvider.System);
        Note(log, "ann", "a", 3);

        var first = log.Due(all: false).ShouldHaveSingleItem();
        first.Events.ShouldHaveSingleItem().ShouldBeOfType<AccessDenied>().Principal.ShouldBe("ann");
        log.Told(first);
        Note(log, "ann", "a", 5);
        log.Due(all: false).ShouldBeEmpty();
        var last = log.Due(all: true).ShouldHaveSingleItem();
        last.StreamId.ShouldBe(first.StreamId);
        last.Version.ShouldBe(1);
        last.Events.ShouldHaveSingleItem().ShouldBeOfType<DenialsCounted>().Count.ShouldBe(7);
    }

    [Fact]
    public void Nothing_is_lost_when_more_come_while_it_is_written_or_writing_fails()
    {
        var log = new DenialLog(new AccessOptions { DenialPeriod = TimeSpan.FromHours(1) }, TimeProvider.System);
        Note(log, "ann", "a", 4);
        log.Due(all: true);
        var written = log.Due(all: true).ShouldHaveSingleItem();
        Note(log, "ann", "a", 2);
        log.Told(written);

        Total(written).ShouldBe(4);
        Total(log.Due(all: true).ShouldHaveSingleItem()).ShouldBe(2);
    }

    [Fact]
    public void Memory_is_bounded_when_every_denial_is_another()
    {
        var log = new DenialLog(new AccessOptions { DenialPeriod = TimeSpan.FromHours(1), DenialSeries = 10 }, TimeProvider.System);
        for (var i = 0; i < 1000; i++)
        {
            Note(log, "ann", $"action {i}", 1);
        }

        var told = log.Due(all: true);

        told.Count.ShouldBe(11);
        told.Sum(Total).ShouldBe(1000);
    }

    private static long Total(DenialLog.Telling telling) => telling.Events.Sum(e => e is DenialsCounted counted ? counted.Count : 1);

    private static void Note(DenialLog log, string principal, string action, int times)
    {
        for (var i = 0; i < times; i++)
        {
            log.Note(new Grant(principal, Role.Viewer, Scopes.All), _rule, action, Doors.Rest);
        }
    }
}
