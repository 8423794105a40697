using System.Globalization;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Simulation;

/// <summary>
/// An orchestration made from a seed, whose result does not depend on the order in which things happen: what may be lost, doubled or done by
/// somebody else then shows in it.
/// </summary>
internal sealed record ConfluentProgram(IReadOnlyList<ProgramNode> Generations)
{
    private const int DepthMax = 3;

    /// <param name="path">Where a sub-orchestration stands in its parent's program; empty for the outermost.</param>
    public static ConfluentProgram Of(int seed, string path)
    {
        var hash = seed;
        foreach (var character in path)
            hash = unchecked(hash * 31 + character);
        var depth = path.Count(character => character == ':');
        var maker = new Maker(new Random(hash), depth);
        var generations = maker.Random.Next(4) == 0 ? maker.Random.Next(2, 4) : 1;
        return new([.. Enumerable.Range(0, generations).Select(generation => maker.Sequence($"{path}+{generation}", 0))]);
    }

    /// <summary>What it gives when nothing goes wrong.</summary>
    public static long ResultOf(int seed, string path) => Of(seed, path).Generations.Aggregate(0L, (sum, node) => Mix(sum, ResultOf(seed, node)));

    /// <summary>Names of the events that it waits for and that nobody inside sends, also of its sub-orchestrations, by instance.</summary>
    public static IEnumerable<(string InstanceId, string Event)> EventsOf(int seed, string instanceId, string path) =>
        Of(seed, path).Generations.SelectMany(node => EventsOf(seed, instanceId, node));

    /// <summary>Inputs of all activities, also of its sub-orchestrations: each is run for one effect.</summary>
    public static IEnumerable<string> ActivitiesOf(int seed, string path) => Of(seed, path).Generations.SelectMany(node => ActivitiesOf(seed, node));

    public static long Mix(long sum, long value) => unchecked((sum * 1_000_003) ^ value);

    public static long ValueOf(string key)
    {
        var value = 17L;
        foreach (var character in key)
            value = Mix(value, character);
        return value;
    }

    public static string ChildId(int seed, string path) => string.Create(CultureInfo.InvariantCulture, $"{seed}{path}");

    /// <summary>Whether a sub-orchestration is given an id: where events come to it from outside they must find it.</summary>
    public static bool HasId(int seed, ChildNode child) =>
        child.Talks || EventsOf(seed, ChildId(seed, child.Path), child.Path).Any(raised => raised.InstanceId == ChildId(seed, child.Path));

    /// <summary>What its first generation says of itself; the others leave it as it is.</summary>
    public static string StatusOf(string path) => $"status {ValueOf(path)}";

    /// <summary>The event by which a sub-orchestration that talks says that it is there, and the one by which it is answered.</summary>
    public static (string Hello, string Answer) TalkOf(string path) => ($"hello{path}", $"answer{path}");

    private static long ResultOf(int seed, ProgramNode node) => node switch
    {
        SequenceNode sequence => sequence.Nodes.Aggregate(1L, (sum, child) => Mix(sum, ResultOf(seed, child))),
        AllNode all => all.Nodes.Aggregate(2L, (sum, child) => Mix(sum, ResultOf(seed, child))),
        AnyNode any => ResultOf(seed, any.Node),
        ActivityNode activity => activity.Fails ? 3 : ValueOf(activity.Key),
        RetriedNode => 5,
        EventNode raised => ValueOf(raised.Name),
        ChildNode child => ResultOf(seed, child.Path),
        SignalNode signal => ValueOf(signal.Name),
        _ => 4,
    };

    private static IEnumerable<(string InstanceId, string Event)> EventsOf(int seed, string instanceId, ProgramNode node) => node switch
    {
        SequenceNode sequence => sequence.Nodes.SelectMany(child => EventsOf(seed, instanceId, child)),
        AllNode all => all.Nodes.SelectMany(child => EventsOf(seed, instanceId, child)),
        AnyNode any => EventsOf(seed, instanceId, any.Node),
        EventNode raised => [(instanceId, raised.Name)],
        ChildNode child => EventsOf(seed, ChildId(seed, child.Path), child.Path),
        _ => [],
    };

    private static IEnumerable<string> ActivitiesOf(int seed, ProgramNode node) => node switch
    {
        SequenceNode sequence => sequence.Nodes.SelectMany(child => ActivitiesOf(seed, child)),
        AllNode all => all.Nodes.SelectMany(child => ActivitiesOf(seed, child)),
        AnyNode any => ActivitiesOf(seed, any.Node),
        ActivityNode activity => [activity.Key],
        RetriedNode retried => Enumerable.Repeat(retried.Key, retried.Attempts),
        ChildNode child => ActivitiesOf(seed, child.Path),
        _ => [],
    };

    private sealed class Maker(Random random, int depth)
    {
        public Random Random { get; } = random;

        public SequenceNode Sequence(string path, int nested) =>
            new([.. Enumerable.Range(0, Random.Next(1, 5)).Select(i => Node($"{path}.{i}", nested))]);

        private ProgramNode Node(string path, int nested) => Random.Next(13) switch
        {
            0 or 1 when nested < DepthMax => new AllNode([.. Enumerable.Range(0, Random.Next(2, 7)).Select(i => Node($"{path}.{i}", nested + 1))]),
            2 when nested < DepthMax => Sequence(path, nested + 1),
            3 => new AnyNode(new ActivityNode(path, Fails: false), TimeSpan.FromDays(Random.Next(1, 100))),
            4 => new TimerNode(TimeSpan.FromSeconds(Random.Next(0, 90))),
            5 => new EventNode($"event{path}"),
            6 when depth < 2 => new ChildNode($"{path}:", Talks: Random.Next(3) == 0),
            7 => new SignalNode($"signal{path}"),
            8 => new ActivityNode(path, Fails: true),
            9 => new RetriedNode(path, Random.Next(1, 4)),
            _ => new ActivityNode(path, Fails: false),
        };
    }
}

internal abstract record ProgramNode;

internal sealed record SequenceNode(IReadOnlyList<ProgramNode> Nodes) : ProgramNode;

internal sealed record AllNode(IReadOnlyList<ProgramNode> Nodes) : ProgramNode;

/// <summary>Waits for the node or for a timer which is longer than the simulation, and takes the timer back.</summary>
internal sealed record AnyNode(ProgramNode Node, TimeSpan Timer) : ProgramNode;

internal sealed record ActivityNode(string Key, bool Fails) : ProgramNode;

/// <summary>An activity that fails at every attempt which its policy allows.</summary>
internal sealed record RetriedNode(string Key, int Attempts) : ProgramNode;

internal sealed record TimerNode(TimeSpan Delay) : ProgramNode;

internal sealed record EventNode(string Name) : ProgramNode;

/// <param name="Talks">It tells its parent that it is there, and goes on when it has been answered.</param>
internal sealed record ChildNode(string Path, bool Talks) : ProgramNode;

/// <summary>Sends an event to itself, and waits for it.</summary>
internal sealed record SignalNode(string Name) : ProgramNode;
