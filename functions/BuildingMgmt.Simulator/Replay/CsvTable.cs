using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace BuildingMgmt.Simulator.Replay;

/// <summary>A CSV file with a header, read row by row. Every error names file and line.</summary>
internal sealed class CsvTable : IDisposable
{
    // A quote that is never closed would otherwise gather the rest of the file as one field.
    private const int FieldCharactersMax = 4_096;

    private readonly string _fileName;
    private readonly CsvParser _parser;
    private readonly int[] _columns;
    private readonly int _columnCount;

    /// <param name="stream">Closed by this table.</param>
    /// <param name="fileName">For messages.</param>
    /// <param name="columns">Columns that the header must have, in any order and among others; read by their index here.</param>
    /// <exception cref="CommandException">There is no such header.</exception>
    public CsvTable(Stream stream, string fileName, params IReadOnlyList<string> columns)
    {
        _fileName = fileName;
        _parser = new CsvParser(new StreamReader(stream), new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            MaxFieldSize = FieldCharactersMax,
            CountBytes = false,
            BadDataFound = _ => throw Error("A quotation mark stands in the middle of a field. Double it, or quote the field."),
        });
        if (!ReadRecord())
            throw Error("The file is empty. Its first line must name the columns.");
        var header = _parser.Record!.ToList();
        _columnCount = header.Count;
        _columns = [.. columns.Select(column => header.IndexOf(column) is var index and >= 0
            ? index
            : throw Error($"Column \"{column}\" is missing. There is {string.Join(", ", header)}."))];
    }

    /// <summary>A field of the current row, by the index of its column in the constructor's list.</summary>
    public string this[int column] => _parser[_columns[column]];

    /// <summary>Moves to the next row; false at the end. Empty lines are passed over.</summary>
    /// <exception cref="CommandException">The row is not one.</exception>
    public bool Read()
    {
        if (!ReadRecord())
            return false;
        return _parser.Count == _columnCount
            ? true
            : throw Error($"The row has {_parser.Count} columns, the header has {_columnCount}.");
    }

    /// <summary>An error in the current row.</summary>
    public CommandException Error(string what) => new($"{_fileName} line {_parser.RawRow}: {what}");

    public void Dispose() => _parser.Dispose();

    private bool ReadRecord()
    {
        try
        {
            return _parser.Read();
        }
        catch (Exception exception) when (exception is InvalidDataException or CsvHelperException or IOException)
        {
            throw exception.InnerException as CommandException ?? Error(exception is CsvHelperException
                ? $"A field is longer than {FieldCharactersMax} characters; a closing quotation mark may be missing."
                : exception.Message);
        }
    }
}
