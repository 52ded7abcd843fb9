using System.Globalization;
using static EventMl.Torch.torch;

namespace EventMl.Torch.Modules;

/// <summary>Modules one after the other; the intermediate results are freed as soon as autograd allows.</summary>
public sealed class Sequential : nn.Module<Tensor, Tensor>
{
    private readonly List<nn.Module<Tensor, Tensor>> _modules = [];

    internal Sequential(IEnumerable<(string Name, nn.Module<Tensor, Tensor> Module)> modules) : base(nameof(Sequential))
    {
        foreach (var (name, module) in modules) append(name, module);
    }

    /// <summary>The modules in order.</summary>
    public IReadOnlyList<nn.Module<Tensor, Tensor>> modules => _modules;

    /// <summary>Adds a module at the end under a state-dict key.</summary>
    public Sequential append(string name, nn.Module<Tensor, Tensor> module)
    {
        register_module(name, module);
        _modules.Add(module);
        return this;
    }

    /// <summary>Adds a module at the end under its position.</summary>
    public Sequential append(nn.Module<Tensor, Tensor> module) => append(_modules.Count.ToString(CultureInfo.InvariantCulture), module);

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (_modules.Count == 0) throw new InvalidOperationException("A Sequential without modules computes nothing; append a module first.");
        var current = input;
        foreach (var module in _modules)
        {
            var next = module.forward(current);
            if (!ReferenceEquals(current, input) && !ReferenceEquals(current, next)) current.Dispose();
            current = next;
        }

        return current;
    }
}

/// <summary>Mean cross-entropy of logits [batch, classes] against int64 class numbers [batch].</summary>
public sealed class CrossEntropyLoss : nn.Module
{
    internal CrossEntropyLoss() : base(nameof(CrossEntropyLoss)) { }

    /// <summary>The loss, a tensor without dimensions.</summary>
#pragma warning disable CA1822 // Losses are objects in PyTorch's and TorchSharp's shape.
    public Tensor forward(Tensor input, Tensor target) => nn.functional.cross_entropy(input, target);
#pragma warning restore CA1822

    /// <inheritdoc cref="forward"/>
    public Tensor call(Tensor input, Tensor target) => forward(input, target);
}

/// <summary>Mean squared difference.</summary>
public sealed class MSELoss : nn.Module
{
    internal MSELoss() : base(nameof(MSELoss)) { }

    /// <summary>The loss, a tensor without dimensions.</summary>
#pragma warning disable CA1822 // Losses are objects in PyTorch's and TorchSharp's shape.
    public Tensor forward(Tensor input, Tensor target) => nn.functional.mse_loss(input, target);
#pragma warning restore CA1822

    /// <inheritdoc cref="forward"/>
    public Tensor call(Tensor input, Tensor target) => forward(input, target);
}
