using System.Diagnostics.Metrics;
using System.Net;
using System.Reflection;
using System.Text;
using EventMl.Contracts;
using EventMl.Web;
using EventMl.Web.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace EventMl.Foundation.Tests.Web;

public sealed class WebTests : IAsyncLifetime
{
    private readonly HttpClient _client = new();
    private WebApplication _app = null!;

    public sealed record Body(string? Name, int? TimeoutSeconds, System.Text.Json.JsonElement? Params);

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.AddEventMlWeb(new WebOptions { Urls = ["http://127.0.0.1:0"], MaxBodyBytes = 2048, OtlpEndpoint = null });
        builder.Services.AddHealthChecks().AddCheck("lake", () => HealthCheckResult.Unhealthy("The lake's folder is missing."));
        _app = builder.Build();
        _app.UseEventMlWeb();
        _app.MapPost("/things", (Body body) => ApiResults.Created("/things/1", body));
        _app.MapGet("/things", (Page page) => page.AnswerAsync<int>((limit, token) => token == "bad"
            ? throw new FormatException()
            : Task.FromResult(((IReadOnlyList<int>)[.. Enumerable.Range(0, limit)], (string?)"n 1"))));
        _app.MapGet("/refused", () => ApiResults.Refused(new Refusal(ErrorCodes.TaskAlreadyRunning, "Wait.")));
        _app.MapGet("/broken", IResult () => throw new InvalidOperationException("secret detail"));
        _app.MapGet("/database", IResult () => throw new NpgsqlException("no", new TimeoutException()));
        _app.MapGet("/count/{n}", (int n) => n.ToString());
        _app.MapGet("/status/{status}", (int status) => Results.StatusCode(status));
        _app.MapGet("/who", (HttpContext context) => context.GetDoorCall().Actor);
        await _app.StartAsync();
        _client.BaseAddress = new Uri(_app.Urls.Single());
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("GET", "/refused", null, 409, """{"error":{"code":"TASK_ALREADY_RUNNING","message":"Wait."}}""")]
    [InlineData("GET", "/nowhere", null, 404, """{"error":{"code":"NOT_FOUND","message":"There is nothing at '/nowhere'; GET /api/v1 lists the addresses."}}""")]
    [InlineData("DELETE", "/refused", null, 405, """{"error":{"code":"METHOD_NOT_ALLOWED","message":"'/refused' does not take DELETE; it takes GET."}}""")]
    [InlineData("POST", "/things", "{", 400, """{"error":{"code":"INVALID_REQUEST","message":"The body is not valid JSON (line 1, byte 1)."}}""")]
    [InlineData("POST", "/things", """{"timeout_seconds":"1"}""", 400, """{"error":{"code":"INVALID_REQUEST","message":"The field 'timeout_seconds' has a value of the wrong type."}}""")]
    [InlineData("POST", "/things", "", 400, """{"error":{"code":"INVALID_REQUEST","message":"The request needs a JSON body."}}""")]
    [InlineData("POST", "/things", "[]", 400, """{"error":{"code":"INVALID_REQUEST","message":"The body must be a JSON object with the documented fields."}}""")]
    [InlineData("GET", "/things?limit=0", null, 400, """{"error":{"code":"INVALID_REQUEST","message":"The parameter 'limit' must be a whole number from 1 to 1000."}}""")]
    [InlineData("GET", "/things?page_token=bad", null, 400, """{"error":{"code":"INVALID_REQUEST","message":"The parameter 'page_token' is not one that this list returned; start again without it."}}""")]
    [InlineData("GET", "/count/x", null, 400, """{"error":{"code":"INVALID_REQUEST","message":"The parameter 'n' cannot be 'x'."}}""")]
    [InlineData("GET", "/database", null, 503, """{"error":{"code":"UNAVAILABLE","message":"A part of the platform cannot be reached right now; try again in a second."}}""")]
    public async Task Answers_in_one_shape_when_something_is_wrong(string method, string path, string? body, int status, string expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);

        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe(expected);
        ((int)response.StatusCode).ShouldBe(status);
    }

    [Theory]
    [InlineData(401, "UNAUTHENTICATED")]
    [InlineData(403, "FORBIDDEN")]
    [InlineData(404, "NOT_FOUND")]
    [InlineData(413, "PAYLOAD_TOO_LARGE")]
    [InlineData(429, "OVERLOADED")]
    [InlineData(503, "UNAVAILABLE")]
    public async Task Gives_the_code_when_an_answer_is_a_bare_status(int status, string code)
    {
        using var response = await _client.GetAsync($"/status/{status}", TestContext.Current.CancellationToken);

        ((int)response.StatusCode).ShouldBe(status);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldStartWith($$$"""{"error":{"code":"{{{code}}}","message":""");
    }

    [Fact]
    public async Task Names_the_methods_when_one_is_not_allowed_and_lists_the_addresses()
    {
        using var response = await _client.DeleteAsync("/things", TestContext.Current.CancellationToken);
        var list = await _client.GetStringAsync("/api/v1", TestContext.Current.CancellationToken);

        response.Content.Headers.Allow.Order(StringComparer.Ordinal).ShouldBe(["GET", "POST"]);
        list.ShouldContain("""{"method":"POST","path":"/things"}""");
        list.ShouldContain("""{"method":"GET","path":"/count/{n}"}""");
    }

    [Fact]
    public async Task Says_nothing_of_a_defect_but_its_trace()
    {
        using var response = await _client.GetAsync("/broken", TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        text.ShouldContain("INTERNAL_ERROR");
        text.ShouldNotContain("secret");
        text.ShouldNotContain(" at ");
    }

    [Fact]
    public async Task Refuses_other_content_types_and_bodies_that_are_too_large()
    {
        using var xml = await _client.PostAsync("/things", new StringContent("<a/>", Encoding.UTF8, "text/xml"), TestContext.Current.CancellationToken);
        using var large = await _client.PostAsync("/things", new StringContent($$"""{"name":"{{new string('x', 4096)}}"}""", Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);

        xml.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await xml.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("Content-Type: application/json");
        large.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await large.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("PAYLOAD_TOO_LARGE");
    }

    [Fact]
    public async Task Keeps_params_as_they_are_when_a_body_comes_back()
    {
        using var response = await _client.PostAsync(
            "/things", new StringContent("""{"timeout_seconds":5,"params":{"LearningRate":0.10,"a_b":{"C":null}}}""", Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe("""{"timeout_seconds":5,"params":{"LearningRate":0.10,"a_b":{"C":null}}}""");
    }

    [Fact]
    public async Task Links_to_the_next_page_when_a_list_goes_on()
    {
        using var response = await _client.GetAsync("/things?limit=2&kind=a", TestContext.Current.CancellationToken);

        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe("[0,1]");
        response.Headers.GetValues("X-Next-Page-Token").Single().ShouldBe("n 1");
        response.Headers.GetValues("Link").Single().ShouldBe("""</things?limit=2&kind=a&page_token=n%201>; rel="next" """.Trim());
    }

    [Fact]
    public async Task Names_the_actor_and_refuses_the_platforms_own_names()
    {
        using var given = new HttpRequestMessage(HttpMethod.Get, "/who");
        given.Headers.Add("Actor", "ada");
        using var forged = new HttpRequestMessage(HttpMethod.Get, "/who");
        forged.Headers.Add("Actor", "saga:ingestion");

        (await _client.GetStringAsync("/who", TestContext.Current.CancellationToken)).ShouldBe("anonymous");
        (await (await _client.SendAsync(given, TestContext.Current.CancellationToken)).Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe("ada");
        (await _client.SendAsync(forged, TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Is_live_but_not_ready_when_a_part_is_missing()
    {
        using var live = await _client.GetAsync("/health/live", TestContext.Current.CancellationToken);
        using var ready = await _client.GetAsync("/health/ready", TestContext.Current.CancellationToken);

        live.StatusCode.ShouldBe(HttpStatusCode.OK);
        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await ready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("\"lake\":{\"status\":\"unhealthy\"");
    }

    [Fact]
    public async Task Shows_requests_and_the_process_in_metrics()
    {
        await _client.GetStringAsync("/who", TestContext.Current.CancellationToken);
        var text = await _client.GetStringAsync("/metrics", TestContext.Current.CancellationToken);

        text.ShouldContain("# TYPE http_server_request_duration_seconds histogram");
        text.ShouldContain("http_server_request_duration_seconds_bucket{");
        text.ShouldContain("kestrel_active_connections");
        text.ShouldContain("process_resident_memory_bytes ");
    }

    [Fact]
    public void Has_a_status_for_every_code()
    {
        var codes = typeof(ErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetRawConstantValue()!).ToArray();

        codes.Where(c => ApiResults.StatusOf(c) == 500).ShouldBe([ErrorCodes.InternalError]);
    }

    [Fact]
    public void Writes_prometheus_text_with_escapes_and_bounded_series()
    {
        using var meter = new Meter("EventMl.WebTests");
        using var collector = new MetricsCollector();
        collector.Start();
        var counter = meter.CreateCounter<long>("eventml.test.rows", "{row}", "Rows\nread");
        var histogram = meter.CreateHistogram("eventml.test.time", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        counter.Add(2, new KeyValuePair<string, object?>("file.name", "a\\\"b\n"));
        histogram.Record(0.1);
        histogram.Record(5);
        for (var i = 0; i < 3000; i++)
        {
            meter.CreateGauge<int>("eventml.test.level").Record(i, new KeyValuePair<string, object?>("id", i));
        }

        var text = collector.Collect();

        text.ShouldContain("# HELP eventml_test_rows_total Rows\\nread\n# TYPE eventml_test_rows_total counter\neventml_test_rows_total{file_name=\"a\\\\\\\"b\\n\"} 2\n");
        text.ShouldContain("eventml_test_time_seconds_bucket{le=\"0.1\"} 1\neventml_test_time_seconds_bucket{le=\"1\"} 1\neventml_test_time_seconds_bucket{le=\"+Inf\"} 2\neventml_test_time_seconds_sum 5.1\neventml_test_time_seconds_count 2\n");
        text.Split('\n').Count(l => l.StartsWith("eventml_test_level{", StringComparison.Ordinal)).ShouldBeLessThanOrEqualTo(1001);
    }
}
