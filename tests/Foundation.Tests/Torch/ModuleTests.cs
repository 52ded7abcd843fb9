using EventMl.Torch;
using EventMl.Torch.Modules;
using static EventMl.Torch.torch;
using static EventMl.Torch.torch.nn;

namespace EventMl.Foundation.Tests.Torch;

[Collection(TorchTests.Name)]
public sealed class ModuleTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Names_the_state_by_fields_when_a_custom_module_registers_them()
    {
        using var net = new TwoLayers();
        net.state_dict().Keys.ShouldBe(["scale", "first.weight", "first.bias", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked"], ignoreOrder: true);
        net.call(ones(2, 3)).shape.ShouldBe([2L, 4L]);
        net.eval();
        net.norm.training.ShouldBeFalse();
    }

    [Fact]
    public void Trains_with_the_code_one_writes_for_TorchSharp()
    {
        manual_seed(1);
        var lin1 = Linear(2, 16);
        var seq = Sequential(("lin1", lin1), ("relu1", ReLU()), ("drop1", Dropout(0.0)), ("lin2", Linear(16, 1)));
        using var x = randn(64, 2);
        using var y = x.sum(1, keepdim: true);
        var optimizer = optim.SGD(seq.parameters(), 0.05, momentum: 0.9);
        var loss = MSELoss();
        var (first, last) = (0f, 0f);
        for (var i = 0; i < 100; i++)
        {
            using var scope = NewDisposeScope();
            using var output = loss.call(seq.forward(x), y);
            optimizer.zero_grad();
            output.backward();
            optimizer.step();
            last = output.item<float>();
            if (i == 0) first = last;
        }

        last.ShouldBeLessThan(first / 20);
        seq.state_dict().Keys.ShouldBe(["lin1.weight", "lin1.bias", "lin2.weight", "lin2.bias"]);
    }

    [Fact]
    public void Changes_nothing_when_a_state_does_not_fit()
    {
        using var net = Sequential(Linear(2, 2), Linear(2, 3));
        var before = net.state_dict()["0.weight"].clone();
        var state = new Dictionary<string, Tensor> { ["0.weight"] = zeros(2, 2), ["1.weight"] = zeros(3, 9), ["2.bias"] = zeros(1) };
        var message = Should.Throw<TorchException>(() => net.load_state_dict(state)).Message;
        message.ShouldContain("'0.bias' is missing");
        message.ShouldContain("'2.bias' is unknown");
        message.ShouldContain("'1.weight' has shape [3, 9] instead of [3, 2]");
        net.state_dict()["0.weight"].equal(before).ShouldBeTrue();
        net.load_state_dict(new Dictionary<string, Tensor> { ["0.weight"] = zeros(2, 2) }, strict: false);
        net.state_dict()["0.weight"].sum().ToSingle().ShouldBe(0);
    }

    [Fact]
    public void Drops_and_tracks_only_when_training()
    {
        using var drop = Dropout(0.5);
        var x = ones(1000);
        drop.forward(x).eq(0).sum().ToInt64().ShouldBeInRange(400, 600);
        drop.eval();
        drop.forward(x).equal(x).ShouldBeTrue();
        using var norm = BatchNorm2d(2);
        norm.forward(randn(4, 2, 3, 3));
        norm.eval();
        norm.forward(randn(4, 2, 3, 3));
        norm.num_batches_tracked.ToInt64().ShouldBe(1);
    }

    [Theory]
    [InlineData("adam")]
    [InlineData("adamw")]
    [InlineData("sgd")]
    public void Goes_on_bit_for_bit_when_the_optimiser_state_is_loaded(string kind)
    {
        manual_seed(5);
        using var a = Linear(4, 2);
        using var b = Linear(4, 2);
        var (x, y) = (randn(8, 4), tensor([0L, 1L, 0L, 1L, 1L, 0L, 0L, 1L]));
        using var first = Make(a);
        for (var i = 0; i < 3; i++) Step(a, first);
        b.load_state_dict(a.state_dict());
        using var second = Make(b);
        second.load_state_dict(first.state_dict());
        for (var i = 0; i < 3; i++)
        {
            Step(a, first);
            Step(b, second);
        }

        b.weight.equal(a.weight).ShouldBeTrue();
        using var other = Make(b);
        Should.Throw<TorchException>(() => other.load_state_dict(new Dictionary<string, Tensor> { ["9.exp_avg"] = zeros(1) }));

        optim.Optimizer Make(Linear net) => kind switch
        {
            "adam" => optim.Adam(net.parameters()),
            "adamw" => optim.AdamW(net.parameters()),
            _ => optim.SGD(net.parameters(), 0.1, momentum: 0.9),
        };

        void Step(Linear net, optim.Optimizer optimizer)
        {
            optimizer.zero_grad();
            functional.cross_entropy(net.forward(x), y).backward();
            optimizer.step();
        }
    }

    private sealed class TwoLayers : Module<Tensor, Tensor>
    {
        private readonly Linear first = Linear(3, 4);
        public readonly BatchNorm2d norm = BatchNorm2d(4);
        private readonly Parameter scale = new(ones(1));

        public TwoLayers() : base("TwoLayers") => RegisterComponents();

        public override Tensor forward(Tensor input) => norm.forward(first.forward(input).reshape(-1, 4, 1, 1)).flatten(1) * scale;
    }
}
