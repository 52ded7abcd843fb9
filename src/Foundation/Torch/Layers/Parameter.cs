namespace EventMl.Torch.Modules;

/// <summary>A tensor that a module learns; it belongs to its module, never to a dispose scope.</summary>
public sealed class Parameter : torch.Tensor
{
    /// <summary>Takes over a tensor, which must not be used or disposed by itself afterwards.</summary>
    public Parameter(torch.Tensor data, bool requires_grad = true) : base(Checked(data)) => this.requires_grad = requires_grad;

    private static torch.Tensor Checked(torch.Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return data;
    }
}
