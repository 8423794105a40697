using BuildingMgmt.Simulator.Replay;

namespace BuildingMgmt.Simulator.Tests.Replay;

public sealed class ReplayAccountTests
{
    [Fact]
    public void All_accounted_for_is_a_good_end()
    {
        var outcome = ReplayAccount.Settle(sent: 100, uncertain: 0, new LedgerCounts(90, 7, 3));
        Assert.Null(outcome.Problem);
        Assert.Equal("sent 100 stored 90 duplicate 7 dead-lettered 3", outcome.ToString());
    }

    [Fact]
    public void Readings_that_arrived_twice_after_a_lost_answer_are_counted_once()
    {
        var outcome = ReplayAccount.Settle(sent: 100, uncertain: 20, new LedgerCounts(90, 27, 3));
        Assert.Null(outcome.Problem);
        Assert.Equal(20, outcome.Repeated);
        Assert.Equal("sent 100 stored 90 duplicate 7 dead-lettered 3", outcome.ToString());
    }

    [Fact]
    public void A_dead_letter_that_arrived_twice_is_counted_once_too()
    {
        var outcome = ReplayAccount.Settle(sent: 100, uncertain: 20, new LedgerCounts(90, 5, 17));
        Assert.Equal("sent 100 stored 90 duplicate 0 dead-lettered 10", outcome.ToString());
    }

    [Fact]
    public void Missing_readings_are_named()
    {
        var outcome = ReplayAccount.Settle(sent: 100, uncertain: 50, new LedgerCounts(90, 0, 3));
        Assert.Equal("7 of 100 readings are in no account.", outcome.Problem);
    }

    [Fact]
    public void More_than_could_have_arrived_twice_is_another_senders()
    {
        var outcome = ReplayAccount.Settle(sent: 100, uncertain: 10, new LedgerCounts(100, 50, 0));
        Assert.Contains("another replay", outcome.Problem, StringComparison.Ordinal);
    }
}
