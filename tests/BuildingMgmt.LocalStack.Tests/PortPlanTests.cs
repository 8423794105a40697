using System.Net;
using System.Net.Sockets;
using BuildingMgmt.LocalStack.Options;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;
using BuildingMgmt.Testing;

namespace BuildingMgmt.LocalStack.Tests;

public sealed class PortPlanTests : IDisposable
{
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Ports_that_are_meant_for_two_services_are_refused_with_both_options()
    {
        var first = Ports.TakeFree(5);
        var error = Assert.Throws<ServiceFailedException>(() => PortPlan.Settle(new()
        {
            DataFolder = folder.Path, HttpPort = first, Instances = 3, AmqpPort = first + 1, StoragePort = first + 2,
        }));

        Assert.Equal(
            [
                $"Port {first + 1} is meant for both the app and the Event Hubs endpoint: --http-port {first} takes {first} to {first + 2} and "
                + $"--amqp-port {first + 1}. Choose another port with --http-port or --amqp-port (0 takes a free one).",
                $"Port {first + 2} is meant for both the app and Azurite: --http-port {first} takes {first} to {first + 2} and "
                + $"--storage-port {first + 2} takes {first + 2} to {first + 4}. Choose another port with --http-port or --storage-port "
                + "(0 takes a free one).",
            ],
            error.Message.Split('\n'));
    }

    [Fact]
    public void Port_of_a_service_from_outside_is_not_reserved()
    {
        var port = Ports.TakeFree();
        var plan = PortPlan.Settle(new() { DataFolder = folder.Path, HttpPort = port, AmqpPort = port, EventHubs = "from outside" });

        Assert.Equal([port], plan.Http);
        Assert.Equal(0, plan.Amqp);
    }

    [Fact]
    public void Free_ports_are_kept_for_the_next_start()
    {
        var options = new StackOptions { DataFolder = folder.Path, Instances = 2 };
        var plan = PortPlan.Settle(options);
        var next = PortPlan.Settle(options);

        Assert.Equal(plan.Http, next.Http);
        Assert.Equal((plan.Amqp, plan.Storage, plan.Postgres), (next.Amqp, next.Storage, next.Postgres));
        Assert.Distinct(All(plan));
    }

    [Fact]
    public void Kept_port_gives_way_to_one_that_is_asked_for_by_number()
    {
        var kept = PortPlan.Settle(new() { DataFolder = folder.Path });
        var plan = PortPlan.Settle(new() { DataFolder = folder.Path, PostgresPort = kept.Http[0] });

        Assert.Equal(kept.Http[0], plan.Postgres);
        Assert.Distinct(All(plan));
    }

    [Fact]
    public void Kept_ports_that_have_grown_into_each_other_are_parted()
    {
        var first = Ports.TakeFree(2);
        File.WriteAllText(folder.File("ports.json"), $$"""{"http":{{first}},"amqp":{{first + 1}}}""");
        var plan = PortPlan.Settle(new() { DataFolder = folder.Path, Instances = 2 });

        Assert.Equal([first, first + 1], plan.Http);
        Assert.Distinct(All(plan));
    }

    [Fact]
    public void Kept_port_that_another_process_has_taken_gives_way_before_anything_listens_on_it()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var taken = ((IPEndPoint)other.LocalEndPoint!).Port;
        File.WriteAllText(folder.File("ports.json"), $$"""{"http":{{taken}}}""");
        var plan = PortPlan.Settle(new() { DataFolder = folder.Path });

        Assert.NotEqual(taken, plan.Http[0]);
    }

    private static IEnumerable<int> All(PortPlan plan) =>
        [.. plan.Http, plan.Amqp, plan.Storage, plan.Storage + 1, plan.Storage + 2, plan.Postgres];
}
