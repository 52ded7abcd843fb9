using System.Text;
using EventMl.Torch.Interop;

namespace EventMl.Torch;

/// <summary>libtorch with the names and semantics of PyTorch and TorchSharp; needs the native library (<see cref="TorchException"/> without it).</summary>
public static partial class torch
{
    /// <summary>The CPU.</summary>
    public static Device CPU { get; } = new("cpu");

    /// <summary>The first CUDA device; using it without one gives a <see cref="TorchException"/>.</summary>
    public static Device CUDA { get; } = new("cuda");

    /// <summary>A device by name: cpu, cuda, cuda:N or auto (CUDA when there is one, else the CPU).</summary>
    public static Device device(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return new Device(name == "auto" ? cuda.is_available() ? "cuda" : "cpu" : name);
    }

    /// <summary>Seeds the random numbers of every device.</summary>
    public static void manual_seed(long seed) => Native.Check(Native.em_manual_seed((ulong)seed));

    /// <summary>The state of the random numbers of a device, as bytes.</summary>
    public static byte[] get_rng_state(Device? device = null)
    {
        Native.Check(Native.em_rng_get((device ?? CPU).ToString(), out var handle));
        using var state = new Tensor(handle);
        return state.data<byte>().ToArray();
    }

    /// <summary>Restores what <see cref="get_rng_state"/> gave; a state of another size is a <see cref="TorchException"/>.</summary>
    public static void set_rng_state(byte[] state, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(state);
        using var tensor = torch.tensor(state, [state.Length]);
        Native.Check(Native.em_rng_set((device ?? CPU).ToString(), tensor.Handle));
    }

    /// <summary>Threads used inside one operation, BLAS included; 1 or more.</summary>
    public static void set_num_threads(int threads) => Native.Check(Native.em_set_threads(threads));

    /// <summary>Threads used inside one operation.</summary>
    public static int get_num_threads()
    {
        Native.Check(Native.em_get_threads(out var threads));
        return threads;
    }

    /// <summary>Chooses algorithms whose results repeat bit for bit where there is a choice.</summary>
    public static void use_deterministic_algorithms(bool on) => Native.Check(Native.em_deterministic(on ? 1 : 0));

    /// <summary>Treats denormal numbers as zero on the calling thread.</summary>
    public static void set_flush_denormal(bool on) => Native.Check(Native.em_flush_denormal(on ? 1 : 0));

    /// <summary>The version of libtorch and whether CUDA can be used, for instance "libtorch 1.13.1 (cpu)".</summary>
    public static string version()
    {
        Span<byte> buffer = stackalloc byte[128];
        Native.Check(Native.em_version(buffer, buffer.Length));
        return Encoding.UTF8.GetString(buffer[..buffer.IndexOf((byte)0)]);
    }

    /// <summary>CUDA devices.</summary>
    public static class cuda
    {
        /// <summary>Whether a CUDA device can be used.</summary>
        public static bool is_available() => device_count() > 0;

        /// <summary>How many CUDA devices can be used.</summary>
        public static int device_count()
        {
            Native.Check(Native.em_cuda_count(out var count));
            return count;
        }
    }

    /// <summary>Where a tensor lives: cpu, cuda or cuda:N.</summary>
    public sealed record Device
    {
        private readonly string _name;

        internal Device(string name)
        {
            _name = name;
            var colon = name.IndexOf(':', StringComparison.Ordinal);
            type = colon < 0 ? name : name[..colon];
            index = colon < 0 ? -1 : int.TryParse(name.AsSpan(colon + 1), out var i) && i >= 0 ? i : throw new ArgumentException($"Device '{name}' is not known; use cpu, cuda, cuda:0 or auto.", nameof(name));
            if (type is not ("cpu" or "cuda")) throw new ArgumentException($"Device '{name}' is not known; use cpu, cuda, cuda:0 or auto.", nameof(name));
        }

        /// <summary>cpu or cuda.</summary>
        public string type { get; }

        /// <summary>The number of the device, or -1 for the current one.</summary>
        public int index { get; }

        /// <inheritdoc/>
        public override string ToString() => _name;

        /// <summary>A device by its name.</summary>
        public static implicit operator Device(string name) => device(name);
    }

    /// <summary>Element types; the values are libtorch's.</summary>
    public enum ScalarType
    {
        /// <summary>Unsigned 8-bit integers.</summary>
        Byte = 0,
        /// <summary>Signed 8-bit integers.</summary>
        Int8 = 1,
        /// <summary>16-bit integers.</summary>
        Int16 = 2,
        /// <summary>32-bit integers.</summary>
        Int32 = 3,
        /// <summary>64-bit integers.</summary>
        Int64 = 4,
        /// <summary>16-bit floats.</summary>
        Float16 = 5,
        /// <summary>32-bit floats.</summary>
        Float32 = 6,
        /// <summary>64-bit floats.</summary>
        Float64 = 7,
        /// <summary>Truth values, one byte each.</summary>
        Bool = 11,
        /// <summary>16-bit floats with the exponent of 32-bit ones.</summary>
        BFloat16 = 15,
    }

    /// <summary>PyTorch's short name of <see cref="ScalarType.Float32"/>.</summary>
    public const ScalarType float32 = ScalarType.Float32;
    /// <summary>PyTorch's short name of <see cref="ScalarType.Float64"/>.</summary>
    public const ScalarType float64 = ScalarType.Float64;
    /// <summary>PyTorch's short name of <see cref="ScalarType.Int32"/>.</summary>
    public const ScalarType int32 = ScalarType.Int32;
    /// <summary>PyTorch's short name of <see cref="ScalarType.Int64"/>.</summary>
    public const ScalarType int64 = ScalarType.Int64;
    /// <summary>PyTorch's short name of <see cref="ScalarType.Byte"/>.</summary>
    public const ScalarType uint8 = ScalarType.Byte;

    internal static int SizeOf(ScalarType type) => type switch
    {
        ScalarType.Byte or ScalarType.Int8 or ScalarType.Bool => 1,
        ScalarType.Int16 or ScalarType.Float16 or ScalarType.BFloat16 => 2,
        ScalarType.Int32 or ScalarType.Float32 => 4,
        ScalarType.Int64 or ScalarType.Float64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown element type"),
    };

    internal static ScalarType TypeOf<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? ScalarType.Float32
        : typeof(T) == typeof(double) ? ScalarType.Float64
        : typeof(T) == typeof(long) ? ScalarType.Int64
        : typeof(T) == typeof(int) ? ScalarType.Int32
        : typeof(T) == typeof(short) ? ScalarType.Int16
        : typeof(T) == typeof(sbyte) ? ScalarType.Int8
        : typeof(T) == typeof(byte) ? ScalarType.Byte
        : typeof(T) == typeof(bool) ? ScalarType.Bool
        : typeof(T) == typeof(Half) ? ScalarType.Float16
        : throw new TorchException($"Tensors hold no elements of type {typeof(T).Name}.");
}
