using System.Globalization;
using System.Net;
using BuildingMgmt.Functions.Tests.Api;
using Microsoft.Playwright;

namespace BuildingMgmt.Functions.Tests.Home;

[Collection(AppTests.Name)]
public sealed class HomePageTests(RunningApp app)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/", "text/html")]
    [InlineData("/assets/home.js", "text/javascript")]
    [InlineData("/assets/home.css", "text/css")]
    [InlineData("/assets/icon.svg", "image/svg+xml")]
    public async Task Page_and_its_files_need_no_token_and_are_cached_by_tag(string path, string contentType)
    {
        using var response = await app.SendAsync(null, HttpMethod.Get, path, Cancellation);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(contentType, response.Content.Headers.ContentType!.MediaType);
        using var again = await app.SendAsync(null, HttpMethod.Get, path, Cancellation, headers: h => h.IfNoneMatch.Add(response.Headers.ETag!));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    [Fact]
    public async Task Page_may_load_nothing_from_elsewhere()
    {
        using var response = await app.SendAsync(null, HttpMethod.Get, "/", Cancellation);
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("://", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/assets/index.html")]
    [InlineData("/assets/none.js")]
    [InlineData("/assets/..%2fhost.json")]
    public async Task Other_files_are_not_served(string path)
    {
        using var response = await app.SendAsync(null, HttpMethod.Get, path, Cancellation);
        await ProblemAssert.IsAsync(response, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Page_in_a_browser_signs_in_and_shows_values_as_they_change()
    {
        await using var browser = await TestBrowser.StartAsync(Cancellation);
        var page = browser.Page;
        List<string> errors = [];
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                errors.Add(message.Text);
        };
        page.PageError += (_, error) => errors.Add(error);

        await PostAsync(20.5);
        await page.GotoAsync(app.Address.ToString());
        await browser.SignInAsync("viewer-north");
        await page.GetByRole(AriaRole.Button, new() { Name = "Ground" }).ClickAsync();

        var value = page.Locator($"tr[data-sensor-id='{Sensor}'][data-metric='temperature'] .number");
        await Assertions.Expect(value).ToHaveTextAsync("20.5 °C");
        await PostAsync(21.25);
        await Assertions.Expect(value).ToHaveTextAsync("21.25 °C", new() { Timeout = 15_000 });
        await PostAsync(10000.4);
        await Assertions.Expect(value).ToHaveTextAsync("10000.4 °C", new() { Timeout = 15_000 });
        await page.SetViewportSizeAsync(390, 800);
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than a phone");
        await page.SetViewportSizeAsync(1280, 720);
        await Assertions.Expect(page.Locator("[data-figure='readings_per_minute']")).Not.ToHaveTextAsync("–", new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("#floors")).Not.ToContainTextAsync("South");
        if (Environment.GetEnvironmentVariable("SCREENSHOTS") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "home-light.png") });
            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "home-dark.png") });
        }

        await browser.SignOutAsync();
        await Assertions.Expect(page.GetByLabel("User name")).ToBeVisibleAsync();
        await page.GetByLabel("User name").FillAsync("viewer-north");
        await page.GetByLabel("Password").FillAsync("wrong");
        Assert.Empty(errors);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The name or the password is wrong.");
    }

    [Fact]
    public async Task Page_opens_on_a_floor_that_lives_rather_than_on_the_first_one()
    {
        await PostAsync(20.5);
        await using var browser = await TestBrowser.StartAsync(Cancellation);
        await browser.Page.RouteAsync($"**/api/dashboard/floor/{TestCampus.NorthEmpty}", route => route.FulfillAsync(new()
        {
            Json = new { floor_id = TestCampus.NorthEmpty, as_of = "2020-02-13T08:00:00Z", sensors = Array.Empty<object>() },
        }));
        await browser.Page.GotoAsync(app.Address.ToString());
        await browser.SignInAsync("viewer-north");

        await Assertions.Expect(browser.Page.Locator("#floors button").First).ToHaveTextAsync("Empty");
        await Assertions.Expect(browser.Page.Locator("#floors button[aria-current=true]")).ToHaveTextAsync("Ground");
    }

    [Fact]
    public async Task Table_of_long_names_is_not_cut_on_a_laptop()
    {
        await using var browser = await TestBrowser.StartAsync(Cancellation);
        await browser.Page.SetViewportSizeAsync(1280, 720);
        await browser.Page.RouteAsync("**/api/dashboard/floor/*", route => route.FulfillAsync(new()
        {
            Json = new
            {
                as_of = "2022-11-02T13:10:00Z",
                sensors = new[]
                {
                    new
                    {
                        sensor_id = Sensor,
                        name = "917810-CO2-meter-SCD4x-temp_outside_of_the_building__degC",
                        zone = "Meeting room 917810",
                        metrics = new
                        {
                            zone_heating_setpoint = new { value = 123456.7, unit = "persons", timestamp = "2022-11-02T13:10:00Z", quality = "uncertain", stale = true },
                        },
                    },
                },
            },
        }));
        await browser.Page.GotoAsync(app.Address.ToString());
        await browser.SignInAsync("viewer-north");

        await Assertions.Expect(browser.Page.Locator("#values tr")).ToHaveCountAsync(1);
        Assert.True(
            await browser.Page.EvaluateAsync<bool>("(t => t.scrollWidth <= t.clientWidth)(document.querySelector('.scroll'))"), "the table is cut");
    }

    [Theory]
    [InlineData(null, "–")]
    [InlineData(0.0, "0")]
    [InlineData(1234.5, "1,235")]
    public async Task Rate_that_is_not_known_is_shown_as_such_and_never_as_zero(double? rate, string shown)
    {
        await using var browser = await TestBrowser.StartAsync(Cancellation);
        await browser.Page.RouteAsync("**/api/ops/ingest", route => route.FulfillAsync(new()
        {
            Json = new { readings_per_minute = rate, stored_today = 7, dead_lettered_today = 0 },
        }));
        await browser.Page.GotoAsync(app.Address.ToString());
        await browser.SignInAsync("viewer-north");

        await Assertions.Expect(browser.Page.Locator("[data-figure='stored_today']")).ToHaveTextAsync("7");
        await Assertions.Expect(browser.Page.Locator("[data-figure='readings_per_minute']")).ToHaveTextAsync(shown);
    }

    private static Guid Sensor => TestCampus.Sensor(TestCampus.NorthGround, 20);

    private async Task PostAsync(double temperature)
    {
        using var response = await app.SendAsync("gateway-north", HttpMethod.Post, "/api/sensors/data", Cancellation, json: new
        {
            sensor_id = Sensor,
            timestamp = TimeProvider.System.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            data = new { temperature },
        });
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }
}
