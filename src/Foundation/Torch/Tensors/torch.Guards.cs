using EventMl.Torch.Interop;

namespace EventMl.Torch;

public static partial class torch
{
    /// <summary>Until disposed, this thread records nothing for gradients.</summary>
    public static IDisposable no_grad() => new GradMode(false);

    /// <summary>Until disposed, this thread records for gradients again, inside a <see cref="no_grad"/>.</summary>
    public static IDisposable enable_grad(bool enabled = true) => new GradMode(enabled);

    /// <summary>Until disposed, this thread only computes: faster than <see cref="no_grad"/>, and its tensors can never take part in training.</summary>
    public static IDisposable inference_mode() => new InferenceMode();

    // libtorch keeps both modes per thread, so a guard must end on the thread where it began (never across an await).
    private abstract class ThreadGuard : IDisposable
    {
        private readonly int _thread = Environment.CurrentManagedThreadId;
        private bool _ended;

        public void Dispose()
        {
            if (_ended) return;
            if (Environment.CurrentManagedThreadId != _thread)
                throw new InvalidOperationException("no_grad, enable_grad and inference_mode must be disposed on the thread that began them; do not await inside.");
            _ended = true;
            End();
        }

        protected abstract void End();
    }

    private sealed class GradMode : ThreadGuard
    {
        private readonly int _previous;

        public GradMode(bool on) => Native.Check(Native.em_grad_mode(on ? 1 : 0, out _previous));

        protected override void End() => Native.Check(Native.em_grad_mode(_previous, out _));
    }

    private sealed class InferenceMode : ThreadGuard
    {
        private readonly nint _guard;

        public InferenceMode() => Native.Check(Native.em_inference_begin(out _guard));

        protected override void End() => Native.Check(Native.em_inference_end(_guard));
    }
}
