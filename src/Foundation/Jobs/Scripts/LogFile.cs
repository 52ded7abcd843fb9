using System.Text;
using EventMl.EventStore;

namespace EventMl.Jobs.Scripts;

/// <summary>The log of one attempt: a file of bounded size with one older file beside it, and the last 4 KiB in memory.</summary>
internal sealed class LogFile : IDisposable
{
    private const int TailLength = 4096;
    private static readonly byte[] NewLine = [(byte)'\n'];

    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly int _maxBytes;
    private readonly StringBuilder _tail = new();
    private FileStream? _file;

    public LogFile(string path, int maxBytes)
    {
        _path = path;
        _maxBytes = maxBytes;
        _file = Open();
    }

    public string Tail
    {
        get
        {
            lock (_lock)
            {
                return Clean.Text(_tail.ToString(Math.Max(0, _tail.Length - TailLength), Math.Min(_tail.Length, TailLength)));
            }
        }
    }

    public void Write(string line)
    {
        lock (_lock)
        {
            _tail.Append(line.Length > TailLength ? line[^TailLength..] : line).Append('\n');
            if (_tail.Length > 4 * TailLength)
            {
                _tail.Remove(0, _tail.Length - TailLength);
            }

            try
            {
                if (_file is { } full && full.Length > _maxBytes)
                {
                    full.Dispose();
                    File.Move(_path, _path + ".1", overwrite: true);
                    _file = Open();
                }

                _file?.Write(Encoding.UTF8.GetBytes(line));
                _file?.Write(NewLine);
                _file?.Flush();
            }
            catch (IOException)
            {
                // A full disk must not end a task that may still finish; the tail in memory goes on.
                _file?.Dispose();
                _file = null;
            }
        }
    }

    public void Dispose() => _file?.Dispose();

    private FileStream Open() => new(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
}
