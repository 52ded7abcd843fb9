using EventMl.Audit.Replaying;
using EventMl.Audit.Telling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Audit;

/// <summary>Wiring of the audit area, which only reads the ledger.</summary>
public static class AuditModule
{
    /// <summary>Adds the readers; needs a ledger.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services) => services.AddSingleton<HistoryReader>();

    /// <summary>Maps <c>/api/v1/audit</c>.</summary>
    public static IEndpointRouteBuilder MapAudit(this IEndpointRouteBuilder app)
    {
        var audit = app.MapGroup("/api/v1/audit").WithTags("audit");
        audit.MapGet("/history", HistoryEndpoint.GetAsync);
        audit.MapGet("/decisions/{id}/replay", ReplayEndpoint.GetAsync);
        return app;
    }
}
