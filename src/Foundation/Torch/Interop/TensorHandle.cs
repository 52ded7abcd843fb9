using System.Runtime.InteropServices;

namespace EventMl.Torch.Interop;

[StructLayout(LayoutKind.Sequential)]
internal struct TensorInfo
{
    public long Numel, OwnedBytes;
    public int Dim, Dtype, DeviceType, DeviceIndex, Flags;

    public const int RequiresGrad = 1, Leaf = 2, Contiguous = 4;
}

/// <summary>Owns one native tensor; tells the GC of the native bytes it keeps alive.</summary>
internal sealed class TensorHandle : SafeHandle
{
    // Stands for "no tensor" in calls with an optional one.
    public static readonly TensorHandle None = new();

    private static long _live;
    private static long _peak;
    private readonly long _pressure;

    public TensorHandle() : base(0, ownsHandle: false) { }

    public TensorHandle(nint handle) : base(0, ownsHandle: true)
    {
        SetHandle(handle);
        var live = Interlocked.Increment(ref _live);
        if (live > Volatile.Read(ref _peak)) Interlocked.Exchange(ref _peak, live);
        Native.Check(Native.em_tensor_info(this, out var info));
        if (info.OwnedBytes == 0 || info.DeviceType != 0) return;
        _pressure = info.OwnedBytes;
        GC.AddMemoryPressure(_pressure);
    }

    public static long Live => Interlocked.Read(ref _live);

    public static long Peak => Interlocked.Read(ref _peak);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Interlocked.Decrement(ref _live);
        if (_pressure > 0) GC.RemoveMemoryPressure(_pressure);
        return Native.em_tensor_free(handle) == 0;
    }
}

/// <summary>Owns one native optimiser.</summary>
internal sealed class OptimizerHandle : SafeHandle
{
    public OptimizerHandle() : base(0, ownsHandle: true) { }

    public OptimizerHandle(nint handle) : base(0, ownsHandle: true) => SetHandle(handle);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => Native.em_optim_free(handle) == 0;
}
