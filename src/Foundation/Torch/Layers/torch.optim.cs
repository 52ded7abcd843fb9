using EventMl.Torch.Interop;
using EventMl.Torch.Modules;

namespace EventMl.Torch.Modules
{
    /// <summary>Adam.</summary>
    public sealed class Adam : torch.optim.Optimizer
    {
        internal Adam(IEnumerable<Parameter> parameters, double lr, double beta1, double beta2, double eps, double weight_decay)
            : base(0, parameters, lr, beta1, beta2, eps, weight_decay, false, ["step", "exp_avg", "exp_avg_sq"]) { }
    }

    /// <summary>Adam with decoupled weight decay.</summary>
    public sealed class AdamW : torch.optim.Optimizer
    {
        internal AdamW(IEnumerable<Parameter> parameters, double lr, double beta1, double beta2, double eps, double weight_decay)
            : base(1, parameters, lr, beta1, beta2, eps, weight_decay, false, ["step", "exp_avg", "exp_avg_sq"]) { }
    }

    /// <summary>Stochastic gradient descent, with momentum when asked.</summary>
    public sealed class SGD : torch.optim.Optimizer
    {
        internal SGD(IEnumerable<Parameter> parameters, double lr, double momentum, double dampening, double weight_decay, bool nesterov)
            : base(2, parameters, lr, momentum, dampening, 0, weight_decay, nesterov, ["momentum_buffer"]) { }
    }
}

namespace EventMl.Torch
{
    public static partial class torch
    {
        /// <summary>Optimisers; make them after moving the module to its device.</summary>
        public static class optim
        {
            /// <summary>Adam with PyTorch's defaults.</summary>
            public static Adam Adam(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay);

            /// <summary>AdamW with PyTorch's defaults.</summary>
            public static AdamW AdamW(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 1e-2) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay);

            /// <summary>SGD with PyTorch's defaults.</summary>
            public static SGD SGD(IEnumerable<Parameter> parameters, double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov);

            /// <summary>Changes parameters by their gradients.</summary>
            public abstract class Optimizer : IDisposable
            {
                private readonly OptimizerHandle _handle;
                private readonly string[] _stateNames;
                private readonly int _count;
                private double _lr;

                private protected Optimizer(int kind, IEnumerable<Parameter> parameters, double lr, double m1, double m2, double eps, double weightDecay, bool nesterov, string[] stateNames)
                {
                    ArgumentNullException.ThrowIfNull(parameters);
                    if (!(lr >= 0 && double.IsFinite(lr))) throw new ArgumentOutOfRangeException(nameof(lr), lr, "A learning rate is a finite number, 0 or more.");
                    var all = parameters.ToArray();
                    using var handles = new BorrowedHandles(all);
                    Native.Check(Native.em_optim_new(kind, handles.Pointers, all.Length, lr, m1, m2, eps, weightDecay, nesterov ? 1 : 0, out var handle));
                    (_handle, _stateNames, _count, _lr) = (new OptimizerHandle(handle), stateNames, all.Length, lr);
                }

                /// <summary>The learning rate, 0 or more.</summary>
                public double LearningRate
                {
                    get => _lr;
                    set
                    {
                        if (!(value >= 0 && double.IsFinite(value))) throw new ArgumentOutOfRangeException(nameof(value), value, "A learning rate is a finite number, 0 or more.");
                        Native.Check(Native.em_optim_set_lr(_handle, value));
                        _lr = value;
                    }
                }

                /// <summary>Forgets the gradients.</summary>
                public void zero_grad() => Native.Check(Native.em_optim_zero_grad(_handle));

                /// <summary>Changes the parameters by their gradients.</summary>
                public void step() => Native.Check(Native.em_optim_step(_handle));

                /// <summary>The state per parameter as "N.name" (0.step, 0.exp_avg, …); empty before the first step. The tensors share memory with the optimiser.</summary>
                public Dictionary<string, Tensor> state_dict()
                {
                    var state = new Dictionary<string, Tensor>(StringComparer.Ordinal);
                    for (var i = 0; i < _count; i++)
                        foreach (var name in _stateNames)
                        {
                            Native.Check(Native.em_optim_get(_handle, i, name, out var handle));
                            if (handle != 0) state.Add($"{i}.{name}", new Tensor(handle));
                        }

                    return state;
                }

                /// <summary>Copies a state of <see cref="state_dict"/>; half a state or an unknown name gives a <see cref="TorchException"/>.</summary>
                public void load_state_dict(IReadOnlyDictionary<string, Tensor> source)
                {
                    ArgumentNullException.ThrowIfNull(source);
                    var taken = 0;
                    for (var i = 0; i < _count; i++)
                    {
                        var present = _stateNames.Where(n => source.ContainsKey($"{i}.{n}")).ToList();
                        if (present.Count == 0) continue;
                        if (present.Count != _stateNames.Length) throw new TorchException($"The optimiser state of parameter {i} holds only {string.Join(", ", present)}; it needs {string.Join(", ", _stateNames)}.");
                        foreach (var name in present) Native.Check(Native.em_optim_set(_handle, i, name, source[$"{i}.{name}"].Handle));
                        taken += present.Count;
                    }

                    if (taken != source.Count) throw new TorchException($"The optimiser state holds {source.Count} tensors, of which {GetType().Name} with {_count} parameters knows {taken}; it belongs to another optimiser or model.");
                }

                /// <summary>Frees the native optimiser; the parameters stay.</summary>
                public void Dispose()
                {
                    Dispose(true);
                    GC.SuppressFinalize(this);
                }

                /// <summary>Frees the native optimiser.</summary>
                protected virtual void Dispose(bool disposing)
                {
                    if (disposing) _handle.Dispose();
                }
            }
        }
    }
}
