using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;
using Microsoft.Playwright;

namespace BuildingMgmt.Functions.Tests.Home;

/// <summary>A page in a browser of its own.</summary>
internal sealed class TestBrowser : IAsyncDisposable
{
    private readonly IPlaywright playwright;
    private readonly IBrowser browser;

    private TestBrowser(IPlaywright playwright, IBrowser browser, IPage page)
    {
        this.playwright = playwright;
        this.browser = browser;
        Page = page;
    }

    public IPage Page { get; }

    public static async Task<TestBrowser> StartAsync(CancellationToken cancellationToken)
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = await Chromium.FindOrInstallAsync(cancellationToken),
            // Chromium refuses its sandbox to root, as which CI runs.
            ChromiumSandbox = !Environment.IsPrivilegedProcess,
        });
        return new(playwright, browser, await browser.NewPageAsync());
    }

    public async Task SignInAsync(string user)
    {
        await Page.GetByLabel("User name").FillAsync(user);
        await Page.GetByLabel("Password").FillAsync(TestCampus.PasswordOf(user));
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }

    public Task SignOutAsync() => Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }
}
