namespace Microsoft.Azure.Functions.Worker.Extensions.Abstractions
{
    /// <summary>Says what a parameter, return value or property of a function is bound to.</summary>
    public abstract class BindingAttribute : Attribute
    {
        /// <summary>For the attributes of a binding.</summary>
        public BindingAttribute()
        {
        }
    }

    /// <summary>Marks the parameter whose arrival runs the function. A function has exactly one.</summary>
    public abstract class TriggerBindingAttribute : BindingAttribute
    {
        /// <summary>For the attributes of a trigger.</summary>
        public TriggerBindingAttribute()
        {
        }
    }

    /// <summary>Marks a parameter that is given something besides the trigger's input.</summary>
    public abstract class InputBindingAttribute : BindingAttribute
    {
        /// <summary>For the attributes of an input.</summary>
        public InputBindingAttribute()
        {
        }
    }

    /// <summary>Marks what a function gives out besides its trigger's answer.</summary>
    public abstract class OutputBindingAttribute : BindingAttribute
    {
        /// <summary>For the attributes of an output.</summary>
        public OutputBindingAttribute()
        {
        }
    }

    /// <summary>Whether a trigger hands over one item or an array of them.</summary>
    public enum Cardinality
    {
        /// <summary>An array for each call.</summary>
        Many,

        /// <summary>One item for each call.</summary>
        One,
    }

    /// <summary>Implemented by triggers that can hand over one item or many.</summary>
    public interface ISupportCardinality
    {
        /// <summary>One item for each call, or many.</summary>
        Cardinality Cardinality { get; set; }
    }
}

namespace Microsoft.Azure.Functions.Worker
{
    /// <summary>Makes a public method of a public class a function.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public class FunctionAttribute : Attribute
    {
        /// <summary>Names the function.</summary>
        /// <param name="name">Unique in the app, whatever its case: a letter, then letters, digits, <c>_</c> or <c>-</c>, at most 127 in all.</param>
        public FunctionAttribute(string name) => Name = name;

        /// <summary>The function's name.</summary>
        public string Name { get; }
    }
}
