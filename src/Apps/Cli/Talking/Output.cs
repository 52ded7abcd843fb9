using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace EventMl.Cli.Talking;

/// <summary>How results are written.</summary>
internal enum OutputFormat
{
    Table,
    Json,
}

/// <summary>One column of a table.</summary>
internal sealed record Column(string Title, Func<JsonElement, string> Value)
{
    public static Column Of(string title, string field) => new(title, row => row.Text(field));
}

/// <summary>Writes results: tables for people, the server's own JSON for programs.</summary>
internal sealed class Output
{
    private readonly TextWriter _out;
    private readonly TextWriter _error;

    public Output(Surroundings surroundings, OutputFormat format)
    {
        (_out, _error) = (surroundings.Out, surroundings.Error);
        IsJson = format == OutputFormat.Json;
        var screen = new AnsiConsoleOutput(_out);
        Console = AnsiConsole.Create(new AnsiConsoleSettings { Out = screen, Ansi = screen.IsTerminal ? AnsiSupport.Detect : AnsiSupport.No });
        // Piped text must not be wrapped at the width of a screen that is not there.
        if (!screen.IsTerminal)
            Console.Profile.Width = 2000;
    }

    public bool IsJson { get; }

    public bool IsTerminal => Console.Profile.Out.IsTerminal;

    public IAnsiConsole Console { get; }

    public TextWriter Raw => _out;

    /// <summary>The reply as it came, or what <paramref name="asTable"/> makes of it.</summary>
    public void Reply(ServerReply reply, Action<JsonElement> asTable)
    {
        if (!IsJson)
            asTable(reply.Json);
        else if (reply.Body.Length > 0)
            _out.WriteLine(reply.Body);
    }

    public void Rows(IEnumerable<JsonElement> rows, string whenNone, params Column[] columns)
    {
        var all = rows.ToArray();
        if (all.Length == 0)
            Line(whenNone);
        else
            Table(all, [.. columns.Select(c => (c.Title, c.Value))]);
    }

    public void Table<T>(IEnumerable<T> rows, params (string Title, Func<T, string> Value)[] columns)
    {
        var table = new Table { Border = IsTerminal ? TableBorder.Rounded : TableBorder.None };
        for (var i = 0; i < columns.Length; i++)
            table.AddColumn(new TableColumn(new Text(columns[i].Title)) { NoWrap = i == 0 });
        foreach (var row in rows)
            table.AddRow(columns.Select(IRenderable (c) => new Text(Printable(c.Value(row)))));
        Console.Write(table);
    }

    /// <summary>Names and values, one pair a line; pairs without a value are left out.</summary>
    public void Fields(params IEnumerable<(string Name, string Value)> fields)
    {
        var grid = new Grid().AddColumn(new GridColumn { NoWrap = true }).AddColumn();
        foreach (var (name, value) in fields)
            if (value.Length > 0)
                grid.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(Printable(value)));
        Console.Write(grid);
    }

    public void Line(string text) => Console.WriteLine(Printable(text));

    public void Problem(string text) => _error.WriteLine(Printable(text));

    // Names and messages come from others; control characters in them would steer the terminal.
    private static string Printable(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(c => c is '\n' || !char.IsControl(c) ? c : ' ')) : text;
}
