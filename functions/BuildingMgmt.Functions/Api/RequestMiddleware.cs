using Azure;
using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BuildingMgmt.Functions.Api;

/// <summary>
/// The outermost layer of every HTTP function: request id, headers that all answers have, and the one place where an exception
/// becomes problem details. Other functions pass through untouched.
/// </summary>
public sealed class RequestMiddleware(ResponseHeaders headers, ILogger<RequestMiddleware> logger) : IFunctionsWorkerMiddleware
{
    private static readonly TimeSpan StoreRetryAfter = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        return context.GetHttpContext() is { } http ? AnswerAsync(context, http, next) : next(context);
    }

    private async Task AnswerAsync(FunctionContext context, HttpContext http, FunctionExecutionDelegate next)
    {
        RequestId.Assign(http);
        headers.Apply(http);
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone: nobody reads an answer, and nothing went wrong.
        }
        catch (Exception e)
        {
            var problem = ToProblem(e, context, http);
            if (http.Response.HasStarted)
                // Part of an answer is out: cutting the connection is the only way left to say that it is not whole.
                http.Abort();
            else
            {
                headers.Reset(http);
                await problem.WriteAsync(http);
            }
        }
    }

    private Problem ToProblem(Exception exception, FunctionContext context, HttpContext http)
    {
        switch (exception)
        {
            case ProblemException e:
                return e.Problem;
            case BadHttpRequestException e:
                return new Problem(e.StatusCode, "bad request", e.Message) { Hint = "Mend what the detail names and send it again." };
            case PostgresException { SqlState: PostgresErrorCodes.QueryCanceled }:
            case NpgsqlException { InnerException: TimeoutException }:
                return Away("The database took too long to answer.");
            case NpgsqlException { IsTransient: true }:
            case PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CannotConnectNow
                or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidCatalogName }:
                // A table or database that is not there yet: migrations run while the app starts.
                return Away("The database is away.");
            case RequestFailedException { Status: 0 or >= 500 }:
            case AggregateException { InnerException: RequestFailedException { Status: 0 or >= 500 } }:
                return Away("The table store is away.");
            case EventHubsException:
                return Away("The event hub is away.");
            default:
                logger.RequestFailed(exception, context.FunctionDefinition.Name, RequestId.Of(http));
                return new Problem(StatusCodes.Status500InternalServerError, "internal error", "Something went wrong in here.")
                {
                    Hint = "Report it with the request_id, under which it is logged.",
                };
        }

        Problem Away(string detail)
        {
            logger.RequestUnavailable(context.FunctionDefinition.Name, RequestId.Of(http), detail, exception.Message);
            return Problem.Unavailable(detail, StoreRetryAfter);
        }
    }
}
