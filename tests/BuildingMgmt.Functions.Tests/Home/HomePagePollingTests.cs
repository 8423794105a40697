using System.Net;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;
using Microsoft.Playwright;

namespace BuildingMgmt.Functions.Tests.Home;

/// <summary>What the page does about an answer that comes after its user has gone on. The test runs the page's timers itself.</summary>
[Collection(AppTests.Name)]
public sealed class HomePagePollingTests(RunningApp app)
{
    private const string TimersByHand = """
        window.waiting = new Map();
        let next = 1;
        window.setTimeout = (run, delay, ...given) => { waiting.set(next, () => run(...given)); return next++; };
        window.clearTimeout = timer => waiting.delete(timer);
        window.runTimers = () => {
          const due = [...waiting.values()];
          waiting.clear();
          due.forEach(run => run());
          return due.length;
        };
        """;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Choosing_the_shown_floor_while_it_is_asked_for_leaves_one_question_at_a_time()
    {
        await using var browser = await TestBrowser.StartAsync(Cancellation);
        await OpenAsync(browser);
        var asked = 0;
        var answered = 0;
        var answer = new TaskCompletionSource();
        await browser.Page.RouteAsync("**/api/dashboard/floor/*", async route =>
        {
            Interlocked.Increment(ref asked);
            await answer.Task.WaitAsync(Cancellation);
            await route.ContinueAsync();
        });
        // Not RequestFinished: nobody reads to the end what has no body.
        browser.Page.Response += (_, response) =>
        {
            if (response.Url.Contains("/dashboard/", StringComparison.Ordinal))
                Interlocked.Increment(ref answered);
        };
        await PollAsync(browser, times: 1);
        await Eventually.TrueAsync(() => Task.FromResult(asked == 1), Deadline, "the floor is asked for", Cancellation);

        await browser.Page.Locator("#floors button[aria-current=true]").ClickAsync();
        await Eventually.TrueAsync(() => Task.FromResult(asked == 2), Deadline, "the floor is asked for again", Cancellation);
        answer.SetResult();
        await Eventually.TrueAsync(() => Task.FromResult(answered == 2), Deadline, "both are answered", Cancellation);

        await PollAsync(browser, times: 5);
    }

    [Fact]
    public async Task Refusal_of_an_earlier_session_does_not_end_the_next_one()
    {
        await using var browser = await TestBrowser.StartAsync(Cancellation);
        await OpenAsync(browser);
        var asked = 0;
        var answer = new TaskCompletionSource();
        await browser.Page.RouteAsync("**/api/dashboard/floor/*", async route =>
        {
            if (Interlocked.Increment(ref asked) > 1)
            {
                await route.ContinueAsync();
                return;
            }

            await answer.Task.WaitAsync(Cancellation);
            await route.FulfillAsync(new() { Status = (int)HttpStatusCode.Unauthorized, Json = new { status = 401, title = "token expired" } });
        });
        await PollAsync(browser, times: 1);
        await Eventually.TrueAsync(() => Task.FromResult(asked == 1), Deadline, "the floor is asked for", Cancellation);

        await browser.SignOutAsync();
        await browser.SignInAsync("viewer-north");
        await PollAsync(browser, times: 1);
        await browser.Page.RunAndWaitForResponseAsync(
            () => Task.FromResult(answer.TrySetResult()), response => response.Status == (int)HttpStatusCode.Unauthorized);

        await PollAsync(browser, times: 3);
        await Assertions.Expect(browser.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" })).ToBeVisibleAsync();
        await Assertions.Expect(browser.Page.GetByRole(AriaRole.Status)).ToBeEmptyAsync();
    }

    /// <summary>Signs in; when it returns, the page shows a floor and waits to ask for it again.</summary>
    private async Task OpenAsync(TestBrowser browser)
    {
        await browser.Page.AddInitScriptAsync(TimersByHand);
        await browser.Page.GotoAsync(app.Address.ToString());
        await browser.SignInAsync("viewer-north");
        await Eventually.TrueAsync(
            () => browser.Page.EvaluateAsync<bool>("waiting.size > 0"), Deadline, "the page waits to ask again", Cancellation);
    }

    /// <summary>Lets the time to the next question pass, so many times; one timer alone may wait for it.</summary>
    private static async Task PollAsync(TestBrowser browser, int times)
    {
        for (var time = 0; time < times; time++)
        {
            var due = 0;
            await Eventually.TrueAsync(
                async () => (due = await browser.Page.EvaluateAsync<int>("runTimers()")) > 0, Deadline, "the page waits to ask again", Cancellation);
            Assert.Equal(1, due);
        }
    }
}
