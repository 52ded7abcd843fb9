using System.Reflection;
using EventMl.Torch.Modules;

namespace EventMl.Torch;

public static partial class torch
{
    /// <summary>Modules, layers and losses.</summary>
    public static partial class nn
    {
        /// <summary>Something with parameters, buffers and child modules; derived classes call <see cref="RegisterComponents"/> at the end of their constructor.</summary>
        public abstract class Module : IDisposable
        {
            private readonly List<(string Name, Module Value)> _children = [];
            private readonly List<(string Name, Parameter Value)> _parameters = [];
            private readonly List<(string Name, Tensor Value)> _buffers = [];

            /// <summary>A module of the given kind, named for messages.</summary>
            protected Module(string name) => Name = name;

            /// <summary>The kind of module, for messages.</summary>
            public string Name { get; }

            /// <summary>Whether dropout and batch normalisation behave as in training.</summary>
            public bool training { get; private set; } = true;

            /// <summary>Sets training or evaluation behaviour here and in all children.</summary>
            public void train(bool on = true)
            {
                training = on;
                foreach (var (_, child) in _children) child.train(on);
            }

            /// <summary>Sets evaluation behaviour here and in all children.</summary>
            public void eval() => train(false);

            /// <summary>Child modules by name, in order of registration.</summary>
            public IEnumerable<(string name, Module module)> named_children() => _children;

            /// <summary>All parameters, children's included.</summary>
            public IEnumerable<Parameter> parameters() => named_parameters().Select(p => p.parameter);

            /// <summary>All parameters with their state-dict keys.</summary>
            public IEnumerable<(string name, Parameter parameter)> named_parameters() =>
                _parameters.Concat(_children.SelectMany(c => c.Value.named_parameters().Select(p => ($"{c.Name}.{p.name}", p.parameter))));

            /// <summary>All buffers (running statistics) with their state-dict keys.</summary>
            public IEnumerable<(string name, Tensor buffer)> named_buffers() =>
                _buffers.Concat(_children.SelectMany(c => c.Value.named_buffers().Select(b => ($"{c.Name}.{b.name}", b.buffer))));

            /// <summary>The module's own parameters and buffers by key, in PyTorch's order; they stay the module's.</summary>
            public Dictionary<string, Tensor> state_dict()
            {
                var state = new Dictionary<string, Tensor>(StringComparer.Ordinal);
                AddState("", state);
                return state;
            }

            /// <summary>Copies values by key; with <paramref name="strict"/> missing and unknown keys, and always a wrong shape, give a <see cref="TorchException"/> before anything is copied.</summary>
            public void load_state_dict(IReadOnlyDictionary<string, Tensor> source, bool strict = true)
            {
                ArgumentNullException.ThrowIfNull(source);
                var own = state_dict();
                var problems = new List<string>();
                if (strict)
                {
                    problems.AddRange(own.Keys.Where(k => !source.ContainsKey(k)).Select(k => $"'{k}' is missing"));
                    problems.AddRange(source.Keys.Where(k => !own.ContainsKey(k)).Select(k => $"'{k}' is unknown here"));
                }

                var shared = own.Where(e => source.ContainsKey(e.Key)).ToList();
                problems.AddRange(shared.Where(e => !e.Value.shape.SequenceEqual(source[e.Key].shape))
                    .Select(e => $"'{e.Key}' has shape [{string.Join(", ", source[e.Key].shape)}] instead of [{string.Join(", ", e.Value.shape)}]"));
                if (problems.Count > 0) throw new TorchException($"The state does not fit {Name}: {string.Join("; ", problems.Take(8))}.");
                using var guard = no_grad();
                foreach (var (key, value) in shared) value.copy_(source[key]);
            }

            /// <summary>Forgets the gradients of all parameters.</summary>
            public void zero_grad()
            {
                foreach (var parameter in parameters()) Interop.Native.Check(Interop.Native.em_zero_grad(parameter.Handle));
            }

            /// <summary>Moves parameters and buffers; make optimisers afterwards, since they hold the parameters.</summary>
            public void MoveTo(Device device)
            {
                ArgumentNullException.ThrowIfNull(device);
                using var guard = no_grad();
                for (var i = 0; i < _parameters.Count; i++)
                {
                    var (name, old) = _parameters[i];
                    if (old.device == device) continue;
                    var moved = new Parameter(old.to(device), old.requires_grad);
                    _parameters[i] = (name, moved);
                    Replace(old, moved);
                    old.Dispose();
                }

                for (var i = 0; i < _buffers.Count; i++)
                {
                    var (name, old) = _buffers[i];
                    if (old.device == device) continue;
                    var moved = old.to(device).DetachFromDisposeScope();
                    _buffers[i] = (name, moved);
                    Replace(old, moved);
                    old.Dispose();
                }

                foreach (var (_, child) in _children) child.MoveTo(device);
            }

            /// <summary>Frees parameters, buffers and children.</summary>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Frees parameters, buffers and children.</summary>
            protected virtual void Dispose(bool disposing)
            {
                if (!disposing) return;
                foreach (var (_, parameter) in _parameters) parameter.Dispose();
                foreach (var (_, buffer) in _buffers) buffer.Dispose();
                foreach (var (_, child) in _children) child.Dispose();
            }

            /// <summary>Registers every field that holds a module, a parameter or a tensor (as a buffer); the field's name is the state-dict key.</summary>
            protected void RegisterComponents()
            {
                foreach (var field in Fields())
                {
                    if (Known(field.Name)) continue;
                    switch (field.GetValue(this))
                    {
                        case Module child: register_module(field.Name, child); break;
                        case Parameter parameter: register_parameter(field.Name, parameter); break;
                        case Tensor buffer: register_buffer(field.Name, buffer); break;
                    }
                }
            }

            /// <summary>Adds a child under a state-dict key.</summary>
            public void register_module(string name, Module module)
            {
                Claim(name);
                ArgumentNullException.ThrowIfNull(module);
                _children.Add((name, module));
            }

            /// <summary>Adds a parameter under a state-dict key.</summary>
            public void register_parameter(string name, Parameter parameter)
            {
                Claim(name);
                ArgumentNullException.ThrowIfNull(parameter);
                parameter.DetachFromDisposeScope();
                _parameters.Add((name, parameter));
            }

            /// <summary>Adds a tensor that is saved but not learnt.</summary>
            public void register_buffer(string name, Tensor buffer)
            {
                Claim(name);
                ArgumentNullException.ThrowIfNull(buffer);
                buffer.DetachFromDisposeScope();
                _buffers.Add((name, buffer));
            }

            private bool Known(string name) => _children.Exists(c => c.Name == name) || _parameters.Exists(p => p.Name == name) || _buffers.Exists(b => b.Name == name);

            private void Claim(string name)
            {
                ArgumentException.ThrowIfNullOrEmpty(name);
                if (name.Contains('.', StringComparison.Ordinal)) throw new ArgumentException($"The component name '{name}' must not contain a dot, which separates levels in state-dict keys.", nameof(name));
                if (Known(name)) throw new ArgumentException($"{Name} has a component '{name}' already.", nameof(name));
            }

            private void AddState(string prefix, Dictionary<string, Tensor> state)
            {
                foreach (var (name, parameter) in _parameters) state.Add(prefix + name, parameter);
                foreach (var (name, buffer) in _buffers) state.Add(prefix + name, buffer);
                foreach (var (name, child) in _children) child.AddState($"{prefix}{name}.", state);
            }

            private IEnumerable<FieldInfo> Fields()
            {
                for (var type = GetType(); type != typeof(Module) && type is not null; type = type.BaseType)
                    foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly).OrderBy(f => f.MetadataToken))
                        yield return field;
            }

            // Moving to a device makes new tensors; fields that held the old ones follow.
            private void Replace(Tensor old, Tensor moved)
            {
                foreach (var field in Fields())
                    if (ReferenceEquals(field.GetValue(this), old)) field.SetValue(this, moved);
            }
        }

        /// <summary>A module from <typeparamref name="T"/> to <typeparamref name="TResult"/>.</summary>
        public abstract class Module<T, TResult> : Module
        {
            /// <inheritdoc/>
            protected Module(string name) : base(name) { }

            /// <summary>Computes the result; same as <see cref="call"/>.</summary>
            public abstract TResult forward(T input);

            /// <summary>Computes the result.</summary>
            public TResult call(T input) => forward(input);
        }
    }
}

/// <summary>Moves modules between devices with TorchSharp's spelling.</summary>
public static class ModuleExtensions
{
    /// <summary>Moves the parameters and buffers and returns the module.</summary>
    public static TModule to<TModule>(this TModule module, torch.Device device) where TModule : torch.nn.Module
    {
        ArgumentNullException.ThrowIfNull(module);
        module.MoveTo(device);
        return module;
    }
}
