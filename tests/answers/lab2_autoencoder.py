"""Answers to lab 2: usual mistakes, right answers written otherwise, and second routes to the reference numbers."""

from __future__ import annotations

import math

import numpy as np
import scipy.linalg
import torch
from sklearn.neural_network import MLPClassifier, MLPRegressor
from torch import nn
from torch.nn import functional as F

from tests.lab_bank import oracle, right, wrong

# build_encoder ---------------------------------------------------------------------------------------------------


@wrong("build_encoder", "There is no hidden layer")
def encoder_without_hidden_layer(n_pixels, n_hidden, latent_dim):
    return nn.Linear(n_pixels, latent_dim)


@wrong("build_encoder", "There are two hidden layers")
def encoder_with_two_hidden_layers(n_pixels, n_hidden, latent_dim):
    first, second = nn.Linear(n_pixels, n_hidden), nn.Linear(n_hidden, n_hidden)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Linear(n_hidden, latent_dim))


@wrong("build_encoder", "The layers lead from 5 through 3 to 7")
def encoder_hidden_and_code_swapped(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.Linear(n_pixels, latent_dim), nn.ReLU(), nn.Linear(latent_dim, n_hidden))


@wrong("build_encoder", "The layers lead from 3 through 7 to 5")
def encoder_the_wrong_way_round(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.Linear(latent_dim, n_hidden), nn.ReLU(), nn.Linear(n_hidden, n_pixels))


@wrong("build_encoder", "The layers have no biases")
def encoder_without_biases(n_pixels, n_hidden, latent_dim):
    first, second = nn.Linear(n_pixels, n_hidden, bias=False), nn.Linear(n_hidden, latent_dim, bias=False)
    return nn.Sequential(first, nn.ReLU(), second)


class _ListOfLayers(nn.Module):
    def __init__(self, sizes, last):
        super().__init__()
        self.layers = [nn.Linear(a, b) for a, b in (sizes[:2], sizes[1:])]
        self.last = last

    def forward(self, x):
        return self.last(self.layers[1](F.relu(self.layers[0](x))))


@wrong("build_encoder", "It has no weights")
def encoder_with_layers_in_a_list(n_pixels, n_hidden, latent_dim):
    return _ListOfLayers((n_pixels, n_hidden, latent_dim), nn.Identity())


@wrong("build_encoder", "a ReLU at the end, where nothing should be")
def encoder_with_relu_on_the_code(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.ReLU(), nn.Linear(n_hidden, latent_dim), nn.ReLU())


@wrong("build_encoder", "a sigmoid at the end, where nothing")
def encoder_with_sigmoid_on_the_code(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.ReLU(), nn.Linear(n_hidden, latent_dim), nn.Sigmoid())


@wrong("build_encoder", "a softmax over the row at the end")
def encoder_with_softmax_on_the_code(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.ReLU(), nn.Linear(n_hidden, latent_dim), nn.Softmax(dim=1))


@wrong("build_encoder", "a tanh at the end")
def encoder_with_tanh_on_the_code(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.ReLU(), nn.Linear(n_hidden, latent_dim), nn.Tanh())


@wrong("build_encoder", "a tanh between the two layers, where a ReLU")
def encoder_with_tanh_inside(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.Tanh(), nn.Linear(n_hidden, latent_dim))


@wrong("build_encoder", "no activation between the two layers")
def encoder_all_linear(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.Linear(n_hidden, latent_dim))


@wrong("build_encoder", "a leaky ReLU between")
def encoder_with_leaky_relu(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.LeakyReLU(), nn.Linear(n_hidden, latent_dim))


@wrong("build_encoder", "two for each hidden unit")
def encoder_with_batch_norm(n_pixels, n_hidden, latent_dim):
    normal = nn.BatchNorm1d(n_hidden)
    return nn.Sequential(nn.Linear(n_pixels, n_hidden), normal, nn.ReLU(), nn.Linear(n_hidden, latent_dim))


@wrong("build_encoder", "draws noise of its own")
def encoder_with_dropout(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(n_hidden, latent_dim))


@wrong("build_encoder", "a GELU between")
def encoder_with_gelu(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.GELU(), nn.Linear(n_hidden, latent_dim))


@wrong("build_encoder", "a softplus between")
def encoder_with_softplus(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.Softplus(), nn.Linear(n_hidden, latent_dim))


@wrong("build_encoder", "The answer is a function")
def encoder_as_a_function(n_pixels, n_hidden, latent_dim):
    first, second = nn.Linear(n_pixels, n_hidden), nn.Linear(n_hidden, latent_dim)
    return lambda x: second(F.relu(first(x)))


@wrong("build_encoder", "is a `return` missing")
def encoder_forgotten(n_pixels, n_hidden, latent_dim):
    nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.ReLU(), nn.Linear(n_hidden, latent_dim))


@wrong("build_encoder", "All weights of a layer start equal")
def encoder_of_equal_weights(n_pixels, n_hidden, latent_dim):
    net = nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.ReLU(), nn.Linear(n_hidden, latent_dim))
    for layer in (net[0], net[2]):
        nn.init.constant_(layer.weight, 0.1)
    return net


@wrong("build_encoder", "The answer is a tuple")
def encoder_as_two_layers(n_pixels, n_hidden, latent_dim):
    return nn.Linear(n_pixels, n_hidden), nn.Linear(n_hidden, latent_dim)


@wrong("build_encoder", "before the first layer")
def encoder_with_the_relu_first(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.ReLU(), nn.Linear(n_pixels, n_hidden), nn.Linear(n_hidden, latent_dim))


class _Detached(nn.Sequential):
    def forward(self, x):
        return super().forward(x.detach()).detach()


@wrong("build_encoder", "passes through the network")
def encoder_out_of_the_graph(n_pixels, n_hidden, latent_dim):
    return _Detached(nn.Linear(n_pixels, n_hidden), nn.ReLU(), nn.Linear(n_hidden, latent_dim))


class _Centred(nn.Sequential):
    def forward(self, x):
        return super().forward(x - x.mean(0))


@wrong("build_encoder", "depends on the others in the batch")
def encoder_that_centres_the_batch(n_pixels, n_hidden, latent_dim):
    return _Centred(nn.Linear(n_pixels, n_hidden), nn.ReLU(), nn.Linear(n_hidden, latent_dim))


@wrong("build_encoder", "The last layer has no bias")
def encoder_without_the_last_bias(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.ReLU(), nn.Linear(n_hidden, latent_dim, bias=False))


@wrong("build_encoder", "Real numbers of two kinds meet")
def encoder_in_float64(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.ReLU(), nn.Linear(n_hidden, latent_dim)).double()


@wrong("build_encoder", "It has 70 weights, in parts of [7, 7, 21, 35]")
def encoder_with_a_slip_between_the_layers(n_pixels, n_hidden, latent_dim):
    return nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.ReLU(), nn.Linear(latent_dim, n_hidden))


class _InPlace(nn.Sequential):
    def forward(self, x):
        return super().forward(x.mul_(1.0).clamp_(min=-9))


@wrong("build_encoder", "is changed: the first activation works in place")
def encoder_that_changes_its_pictures(n_pixels, n_hidden, latent_dim):
    return _InPlace(nn.Linear(n_pixels, n_hidden), nn.ReLU(), nn.Linear(n_hidden, latent_dim))


class _Squeezed(nn.Sequential):
    def forward(self, x):
        return super().forward(x).sum(1)


@wrong("build_encoder", "it should be (15, 3)")
def encoder_of_one_number(n_pixels, n_hidden, latent_dim):
    return _Squeezed(nn.Linear(n_pixels, n_hidden), nn.ReLU(), nn.Linear(n_hidden, latent_dim))


class _TwoLayers(nn.Module):
    """Named layers, a forward with functions: the usual class."""

    def __init__(self, n_in, n_hidden, n_out, last=None):
        super().__init__()
        self.fc1 = nn.Linear(n_in, n_hidden)
        self.fc2 = nn.Linear(n_hidden, n_out)
        self.last = last

    def forward(self, x):
        out = self.fc2(torch.relu(self.fc1(x)))
        return out if self.last is None else self.last(out)


@right("build_encoder")
def encoder_as_a_class(n_pixels, n_hidden, latent_dim):
    return _TwoLayers(n_pixels, n_hidden, latent_dim)


class _Matrices(nn.Module):
    """Bare parameters: the matrices stand the other way round, and a bias may have an axis more."""

    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.first = nn.Parameter(torch.randn(n_in, n_hidden) / math.sqrt(n_in))
        self.first_bias = nn.Parameter(torch.zeros(1, n_hidden))
        self.second = nn.Parameter(torch.randn(n_hidden, n_out) / math.sqrt(n_hidden))
        self.second_bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        hidden = torch.clamp(x @ self.first + self.first_bias, min=0)
        return hidden @ self.second + self.second_bias


@right("build_encoder")
def encoder_of_bare_matrices(n_pixels, n_hidden, latent_dim):
    return _Matrices(n_pixels, n_hidden, latent_dim)


@right("build_encoder")
def encoder_with_flatten_and_kaiming(n_pixels, n_hidden, latent_dim):
    layers = [nn.Linear(n_pixels, n_hidden), nn.Linear(n_hidden, latent_dim)]
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    return nn.Sequential(nn.Flatten(), layers[0], nn.ReLU(inplace=True), layers[1])


@right("build_encoder")
def encoder_with_orthogonal_weights(n_pixels, n_hidden, latent_dim):
    net = nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.Threshold(0, 0), nn.Linear(n_hidden, latent_dim))
    nn.init.orthogonal_(net[0].weight)
    nn.init.xavier_uniform_(net[2].weight, gain=3.0)
    return net


@right("build_encoder")
def encoder_in_eval_mode_with_nested_parts(n_pixels, n_hidden, latent_dim):
    hidden = nn.Sequential(nn.Linear(n_pixels, n_hidden), nn.ReLU())
    return nn.Sequential(hidden, nn.Linear(n_hidden, latent_dim), nn.Identity()).eval()


class _ByDifferences(torch.autograd.Function):
    """A function of numpy's rows, and its slope by central differences."""

    @staticmethod
    def forward(ctx, x, predict):
        ctx.rows, ctx.predict = x.detach().double().numpy(), predict
        return torch.from_numpy(np.asarray(predict(ctx.rows))).to(x.dtype)

    @staticmethod
    def backward(ctx, upstream):
        columns, step = [], 1e-4
        for place in range(ctx.rows.shape[1]):
            moved = np.eye(ctx.rows.shape[1])[place] * step
            rise = (ctx.predict(ctx.rows + moved) - ctx.predict(ctx.rows - moved)) / (2 * step)
            columns.append((upstream * torch.from_numpy(rise)).sum(1))
        return torch.stack(columns, 1).to(upstream.dtype), None


class _Sklearn(nn.Module):
    """scikit-learn's multilayer perceptron, its arrays held as parameters."""

    def __init__(self, model, predict):
        super().__init__()
        self.predict = predict
        self.arrays = nn.ParameterList(torch.tensor(a) for a in (*model.coefs_, *model.intercepts_))

    def forward(self, x):
        return _ByDifferences.apply(x, self.predict)


@oracle("build_encoder")
def encoder_by_sklearn(n_pixels, n_hidden, latent_dim):
    model = MLPRegressor(hidden_layer_sizes=(n_hidden,), activation="relu", alpha=0, random_state=1)
    model.partial_fit(np.eye(2, n_pixels), np.zeros((2, latent_dim)))  # one step: the weights stay random
    return _Sklearn(model, model.predict)


# build_decoder ---------------------------------------------------------------------------------------------------


@wrong("build_decoder", "There is no hidden layer")
def decoder_without_hidden_layer(latent_dim, n_hidden, n_pixels):
    return nn.Sequential(nn.Linear(latent_dim, n_pixels), nn.Sigmoid())


@wrong("build_decoder", "There are two hidden layers")
def decoder_with_two_hidden_layers(latent_dim, n_hidden, n_pixels):
    first, second = nn.Linear(latent_dim, n_hidden), nn.Linear(n_hidden, n_hidden)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Linear(n_hidden, n_pixels), nn.Sigmoid())


@wrong("build_decoder", "The layers lead from 5 through 7 to 3")
def decoder_with_the_encoders_order(n_pixels, n_hidden, latent_dim):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, torch.sigmoid)


@wrong("build_decoder", "The layers lead from 3 through 5 to 7")
def decoder_hidden_and_pixels_swapped(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_pixels, n_hidden, torch.sigmoid)


@wrong("build_decoder", "The layers have no biases")
def decoder_without_biases(latent_dim, n_hidden, n_pixels):
    first, second = nn.Linear(latent_dim, n_hidden, bias=False), nn.Linear(n_hidden, n_pixels, bias=False)
    return nn.Sequential(first, nn.ReLU(), second, nn.Sigmoid())


@wrong("build_decoder", "It has no weights")
def decoder_with_layers_in_a_list(latent_dim, n_hidden, n_pixels):
    return _ListOfLayers((latent_dim, n_hidden, n_pixels), nn.Sigmoid())


@wrong("build_decoder", "nothing at the end, where a sigmoid")
def decoder_without_sigmoid(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels)


@wrong("build_decoder", "a tanh at the end")
def decoder_with_tanh_at_the_end(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, torch.tanh)


@wrong("build_decoder", "a ReLU at the end")
def decoder_with_relu_at_the_end(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, torch.relu)


@wrong("build_decoder", "a clamp to 0 and 1 at the end")
def decoder_clamped(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, lambda a: a.clamp(0, 1))


@wrong("build_decoder", "a softplus at the end")
def decoder_with_softplus_at_the_end(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, F.softplus)


@wrong("build_decoder", "an exponential at the end")
def decoder_with_exp_at_the_end(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, torch.exp)


@wrong("build_decoder", "no activation between")
def decoder_all_linear(latent_dim, n_hidden, n_pixels):
    return nn.Sequential(nn.Linear(latent_dim, n_hidden), nn.Linear(n_hidden, n_pixels), nn.Sigmoid())


@wrong("build_decoder", "a sigmoid between the two layers")
def decoder_with_sigmoids_throughout(latent_dim, n_hidden, n_pixels):
    return nn.Sequential(nn.Linear(latent_dim, n_hidden), nn.Sigmoid(), nn.Linear(n_hidden, n_pixels), nn.Sigmoid())


@wrong("build_decoder", "a softmax over the row")
def decoder_with_softmax_at_the_end(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, lambda a: a.softmax(dim=1))


@wrong("build_decoder", "two sigmoids at the end")
def decoder_with_two_sigmoids(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, lambda a: torch.sigmoid(torch.sigmoid(a)))


@wrong("build_decoder", "an ELU between")
def decoder_with_elu_inside(latent_dim, n_hidden, n_pixels):
    return nn.Sequential(nn.Linear(latent_dim, n_hidden), nn.ELU(), nn.Linear(n_hidden, n_pixels), nn.Sigmoid())


@wrong("build_decoder", "is a `return` missing")
def decoder_forgotten(latent_dim, n_hidden, n_pixels):
    _TwoLayers(latent_dim, n_hidden, n_pixels, torch.sigmoid)


@wrong("build_decoder", "a hard sigmoid at the end")
def decoder_with_a_hard_sigmoid(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, F.hardsigmoid)


@wrong("build_decoder", "1 minus the sigmoid at the end")
def decoder_in_negative(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, lambda a: 1 - torch.sigmoid(a))


@wrong("build_decoder", "depends on the others in the batch")
def decoder_with_softmax_over_the_batch(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, lambda a: a.softmax(dim=0))


@wrong("build_decoder", "a leaky ReLU between")
def decoder_with_leaky_relu(latent_dim, n_hidden, n_pixels):
    return nn.Sequential(nn.Linear(latent_dim, n_hidden), nn.LeakyReLU(), nn.Linear(n_hidden, n_pixels), nn.Sigmoid())


@wrong("build_decoder", "a tanh between the two layers, where a ReLU should be, and a tanh at the end")
def decoder_all_tanh(latent_dim, n_hidden, n_pixels):
    return nn.Sequential(nn.Linear(latent_dim, n_hidden), nn.Tanh(), nn.Linear(n_hidden, n_pixels), nn.Tanh())


@wrong("build_decoder", "passes through the network")
def decoder_rounded(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, lambda a: torch.sigmoid(a.detach()))


@wrong("build_decoder", "draws noise of its own")
def decoder_that_draws_pixels(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, lambda a: torch.bernoulli(torch.sigmoid(0.5 * a)))


@wrong("build_decoder", "All weights of a layer start equal")
def decoder_of_zero_weights(latent_dim, n_hidden, n_pixels):
    net = _TwoLayers(latent_dim, n_hidden, n_pixels, torch.sigmoid)
    nn.init.zeros_(net.fc2.weight)
    return net


@wrong("build_decoder", "The first layer has no bias")
def decoder_without_the_first_bias(latent_dim, n_hidden, n_pixels):
    first = nn.Linear(latent_dim, n_hidden, bias=False)
    return nn.Sequential(first, nn.ReLU(), nn.Linear(n_hidden, n_pixels), nn.Sigmoid())


@wrong("build_decoder")
def decoder_scaled_to_the_row(latent_dim, n_hidden, n_pixels):
    def scaled(a):
        return (a - a.amin(1, keepdim=True)) / (a.amax(1, keepdim=True) - a.amin(1, keepdim=True))

    return _TwoLayers(latent_dim, n_hidden, n_pixels, scaled)


@right("build_decoder")
def decoder_as_a_class(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, torch.sigmoid)


@right("build_decoder")
def decoder_by_the_formula(latent_dim, n_hidden, n_pixels):
    class Decoder(_Matrices):
        def forward(self, z):
            return 1 / (1 + torch.exp(-super().forward(z)))

    return Decoder(latent_dim, n_hidden, n_pixels)


@right("build_decoder")
def decoder_by_the_tanh_of_half(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, lambda a: 0.5 * (1 + torch.tanh(0.5 * a)))


@right("build_decoder")
def decoder_with_kaiming_and_unflattened_parts(latent_dim, n_hidden, n_pixels):
    net = nn.Sequential(
        nn.Sequential(nn.Linear(latent_dim, n_hidden), nn.ReLU()), nn.Linear(n_hidden, n_pixels), nn.Sigmoid()
    )
    for layer in (net[0][0], net[1]):
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    return net


@right("build_decoder")
def decoder_as_exp_of_logsigmoid(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, lambda a: F.logsigmoid(a).exp())


@oracle("build_decoder")
def decoder_by_sklearn(latent_dim, n_hidden, n_pixels):
    model = MLPClassifier(hidden_layer_sizes=(n_hidden,), activation="relu", alpha=0, random_state=1)
    labels = np.eye(n_pixels, dtype=int)  # several labels a row: a logistic output for each
    model.partial_fit(np.zeros((n_pixels, latent_dim)), labels, classes=np.arange(n_pixels))
    return _Sklearn(model, model.predict_proba)


# squared_error ---------------------------------------------------------------------------------------------------


@wrong("squared_error", "divided by P, as when a mean over P is taken")
def error_mean_over_pixels(x, x_hat):
    return (x - x_hat).pow(2).mean(dim=1)


@wrong("squared_error", "summed over B as well")
def error_summed_over_everything(x, x_hat):
    return ((x - x_hat) ** 2).sum()


@wrong("squared_error", "averaged over B as well")
def error_batch_mean(x, x_hat):
    return ((x - x_hat) ** 2).sum(dim=1).mean()


@wrong("squared_error", "divided by P, as when a mean over P is taken, not a sum, and averaged over B")
def error_by_mse_loss(x, x_hat):
    return F.mse_loss(x_hat, x)


@wrong("squared_error", "the sum runs over the wrong axis")
def error_over_the_wrong_axis(x, x_hat):
    return ((x - x_hat) ** 2).sum(0)


@wrong("squared_error", "the root is taken")
def error_as_a_distance(x, x_hat):
    return torch.linalg.norm(x - x_hat, dim=1)


@wrong("squared_error", "absolute differences")
def error_absolute(x, x_hat):
    return (x - x_hat).abs().sum(1)


@wrong("squared_error", "half the right one")
def error_halved(x, x_hat):
    return 0.5 * ((x - x_hat) ** 2).sum(1)


@wrong("squared_error", "summed first and squared after")
def error_squared_last(x, x_hat):
    return (x - x_hat).sum(1) ** 2


@wrong("squared_error", "not yet summed over P")
def error_not_summed(x, x_hat):
    return (x - x_hat) ** 2


@wrong("squared_error", "the right numbers in another shape")
def error_with_an_axis_too_many(x, x_hat):
    return ((x - x_hat) ** 2).sum(1, keepdim=True)


@wrong("squared_error", "is a `return` missing")
def error_forgotten(x, x_hat):
    ((x - x_hat) ** 2).sum(1)


@wrong("squared_error", "No gradient reaches `x_hat`")
def error_detached(x, x_hat):
    return ((x - x_hat.detach()) ** 2).sum(1)


@wrong("squared_error", "`x` itself is changed")
def error_changes_its_argument(x, x_hat):
    x -= x_hat.detach()
    return (x + 0 * x_hat).square().sum(1)


@wrong("squared_error", "NaN or infinite at a perfect reconstruction")
def error_by_the_root_squared(x, x_hat):
    return ((x - x_hat) ** 2).sum(1).sqrt() ** 2  # the slope of the root at 0 is infinite


@right("squared_error")
def error_by_loops(x, x_hat):
    return torch.stack([sum((a - b) ** 2 for a, b in zip(p, q, strict=True)) for p, q in zip(x, x_hat, strict=True)])


@right("squared_error")
def error_by_einsum(x, x_hat):
    rest = x_hat - x
    return torch.einsum("bp,bp->b", rest, rest)


@right("squared_error")
def error_by_mse_loss_unreduced(x, x_hat):
    return F.mse_loss(x_hat, x, reduction="none").sum(-1)


@right("squared_error")
def error_multiplied_out(x, x_hat):
    return (x * x - 2 * x * x_hat + x_hat * x_hat).sum(dim=1)


@wrong("squared_error", "The answer is float64 where the arguments are float32")
def error_in_float64(x, x_hat):
    return (x.double() - x_hat.double()).pow(2).sum(-1)


@right("squared_error")
def error_as_the_norm_squared(x, x_hat):
    return torch.linalg.vector_norm(x - x_hat, dim=1) ** 2


@right("squared_error")
def error_by_a_gaussian(x, x_hat):
    nll = -torch.distributions.Normal(x_hat, 1.0).log_prob(x) - 0.5 * math.log(2 * math.pi)
    return 2 * nll.sum(-1)


class _CdistSquared(torch.autograd.Function):
    """scipy's sqeuclidean, row by row; the slope is that of the parabola, 2 (x̂ − x)."""

    @staticmethod
    def forward(ctx, x, x_hat):
        ctx.save_for_backward(x, x_hat)
        rows = zip(x.detach().numpy(), x_hat.detach().numpy(), strict=True)
        return torch.tensor([scipy.spatial.distance.sqeuclidean(p, q) for p, q in rows], dtype=x.dtype)

    @staticmethod
    def backward(ctx, upstream):
        x, x_hat = ctx.saved_tensors
        slope = 2 * upstream[:, None] * (x_hat - x)
        return -slope, slope


@oracle("squared_error")
def error_by_scipy(x, x_hat):
    return _CdistSquared.apply(x, x_hat)


# train_step ------------------------------------------------------------------------------------------------------


def _mean_error(encoder, decoder, x):
    return (x - decoder(encoder(x))).square().sum(dim=1).mean()


def _step(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@wrong("train_step", "the loss after the step is returned")
def step_loss_after(encoder, decoder, optimizer, x):
    _step(optimizer, _mean_error(encoder, decoder, x))
    return _mean_error(encoder, decoder, x).item()


@wrong("train_step", "`loss`: This is the right one divided by P", "This is the right one divided by P.")
def step_on_mse_loss(encoder, decoder, optimizer, x):
    loss = F.mse_loss(decoder(encoder(x)), x)
    _step(optimizer, loss)
    return loss.item()


@wrong("train_step", "times B, as when a sum over B is taken")
def step_on_the_batch_sum(encoder, decoder, optimizer, x):
    loss = (x - decoder(encoder(x))).square().sum()
    _step(optimizer, loss)
    return loss.item()


@wrong("train_step", "half the right one")
def step_on_half_the_loss(encoder, decoder, optimizer, x):
    loss = 0.5 * _mean_error(encoder, decoder, x)
    _step(optimizer, loss)
    return loss.item()


@wrong("train_step", "the step is made on the sum over the batch")
def step_on_the_sum_returns_the_mean(encoder, decoder, optimizer, x):
    loss = (x - decoder(encoder(x))).square().sum()
    _step(optimizer, loss)
    return loss.item() / len(x)


@wrong("train_step", "the step is made on the mean over the pixels")
def step_on_the_pixel_mean_returns_the_sum(encoder, decoder, optimizer, x):
    loss = F.mse_loss(decoder(encoder(x)), x)
    _step(optimizer, loss)
    return loss.item() * x.shape[1]


@wrong("train_step", "when the gradients of the step before")
def step_without_zero_grad(encoder, decoder, optimizer, x):
    loss = _mean_error(encoder, decoder, x)
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("train_step", "the decoder's gradients of the step before")
def step_that_clears_the_encoder_only(encoder, decoder, optimizer, x):
    loss = _mean_error(encoder, decoder, x)
    encoder.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("train_step", "cleared before it")
def step_that_clears_before_it_moves(encoder, decoder, optimizer, x):
    loss = _mean_error(encoder, decoder, x)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@wrong("train_step", "no step is taken")
def step_without_backward(encoder, decoder, optimizer, x):
    optimizer.zero_grad()
    loss = _mean_error(encoder, decoder, x)
    optimizer.step()
    return loss.item()


@wrong("train_step", "as with a detached code")
def step_with_detached_code(encoder, decoder, optimizer, x):
    loss = (x - decoder(encoder(x).detach())).square().sum(dim=1).mean()
    _step(optimizer, loss)
    return loss.item()


@wrong("train_step", "`.item()` makes one")
def step_returns_the_tensor(encoder, decoder, optimizer, x):
    loss = _mean_error(encoder, decoder, x)
    _step(optimizer, loss)
    return loss


@wrong("train_step", "is a `return` missing")
def step_returns_nothing(encoder, decoder, optimizer, x):
    _step(optimizer, _mean_error(encoder, decoder, x))


@wrong("train_step", "uphill")
def step_uphill(encoder, decoder, optimizer, x):
    loss = _mean_error(encoder, decoder, x)
    _step(optimizer, -loss)
    return loss.item()


@wrong("train_step", "two steps are taken")
def step_twice(encoder, decoder, optimizer, x):
    first = _mean_error(encoder, decoder, x)
    _step(optimizer, first)
    _step(optimizer, _mean_error(encoder, decoder, x))
    return first.item()


@wrong("train_step", "the decoder does not move")
def step_for_the_encoder_alone(encoder, decoder, optimizer, x):
    loss = _mean_error(encoder, decoder, x)
    optimizer.zero_grad()
    loss.backward(inputs=list(encoder.parameters()))
    optimizer.step()
    return loss.item()


@wrong("train_step")
def step_on_the_distance(encoder, decoder, optimizer, x):
    loss = torch.linalg.norm(x - decoder(encoder(x)), dim=1).mean()
    _step(optimizer, loss)
    return loss.item()


@wrong("train_step", "by hand")
def step_by_hand_without_the_optimizer(encoder, decoder, optimizer, x):
    loss = _mean_error(encoder, decoder, x)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    with torch.no_grad():
        for p, slope in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            p -= optimizer.param_groups[0]["lr"] * slope
    return loss.item()


@wrong("train_step", "in the place of the optimizer's own step")
def step_with_its_own_optimizer(encoder, decoder, optimizer, x):
    parameters = [*encoder.parameters(), *decoder.parameters()]
    loss = _mean_error(encoder, decoder, x)
    _step(torch.optim.SGD(parameters, lr=optimizer.param_groups[0]["lr"]), loss)
    return loss.item()


@right("train_step")
def step_in_the_usual_order(encoder, decoder, optimizer, x):
    optimizer.zero_grad()
    loss = torch.mean(torch.sum((decoder(encoder(x)) - x) ** 2, dim=-1))
    loss.backward()
    optimizer.step()
    return loss.item()


@right("train_step")
def step_that_clears_at_the_end(encoder, decoder, optimizer, x):
    loss = ((x - decoder(encoder(x))) ** 2).sum() / len(x)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return float(loss)


@right("train_step")
def step_by_the_modules_zero_grad(encoder, decoder, optimizer, x):
    encoder.train()
    decoder.train()
    encoder.zero_grad(set_to_none=False)
    decoder.zero_grad(set_to_none=False)
    loss = F.mse_loss(decoder(encoder(x)), x, reduction="sum") / x.shape[0]
    before = loss.detach().clone()
    loss.backward()
    optimizer.step()
    return before.tolist()


@right("train_step")
def step_by_a_closure(encoder, decoder, optimizer, x):
    def closure():
        optimizer.zero_grad()
        loss = F.mse_loss(decoder(encoder(x)), x) * x.shape[1]
        loss.backward()
        return loss

    return optimizer.step(closure).item()


@right("train_step")
def step_by_explicit_gradients(encoder, decoder, optimizer, x):
    parameters = [*encoder.parameters(), *decoder.parameters()]
    loss = _mean_error(encoder, decoder, x)
    for p, slope in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        p.grad = slope
    optimizer.step()
    return loss.item()


@right("train_step")
def step_picture_by_picture(encoder, decoder, optimizer, x):
    optimizer.zero_grad()
    total = 0.0
    for row in x:
        part = (row - decoder(encoder(row[None]))[0]).square().sum() / len(x)
        part.backward()  # gradients add up over the pictures, and that is meant here
        total += part.item()
    optimizer.step()
    return total


@oracle("train_step")
def step_by_central_differences(encoder, decoder, optimizer, x):
    """The loss in numpy, its slopes by differences: exact for a parabola in each weight, up to rounding."""
    parameters = [*encoder.parameters(), *decoder.parameters()]
    arrays = [p.detach().double().numpy().copy() for p in parameters]
    pictures = x.double().numpy()

    def loss():
        parts = iter(arrays)
        values = pictures
        for module in (encoder, decoder):
            values = values @ next(parts).T
            if module.bias is not None:
                values = values + next(parts)
        return float(np.sum((values - pictures) ** 2)) / len(pictures)

    before = loss()
    for p, array in zip(parameters, arrays, strict=True):
        slope = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + 0.5
            above = loss()
            array[place] = kept - 0.5
            slope[place] = above - loss()
            array[place] = kept
        p.grad = torch.from_numpy(slope).to(p.dtype)
    optimizer.step()
    return before


# largest_principal_angle -----------------------------------------------------------------------------------------


def _bases(A, B):
    return torch.linalg.qr(A).Q, torch.linalg.qr(B).Q


@wrong("largest_principal_angle", "taken as they are")
def angle_of_raw_columns(A, B):
    return torch.linalg.svdvals(A.T @ B).min().clamp(max=1).arccos()


@wrong("largest_principal_angle", "not made orthogonal")
def angle_of_normalised_columns(A, B):
    A, B = A / A.norm(dim=0), B / B.norm(dim=0)
    return torch.linalg.svdvals(A.T @ B).min().clamp(max=1).arccos()


@wrong("largest_principal_angle", "the smallest angle")
def angle_smallest(A, B):
    Q, R = _bases(A, B)
    return torch.linalg.svdvals(Q.T @ R).max().clamp(max=1).arccos()


@wrong("largest_principal_angle", "the cosine is returned")
def angle_as_cosine(A, B):
    Q, R = _bases(A, B)
    return torch.linalg.svdvals(Q.T @ R).min()


@wrong("largest_principal_angle", "the arcsine")
def angle_by_arcsine(A, B):
    Q, R = _bases(A, B)
    return torch.linalg.svdvals(Q.T @ R).min().clamp(max=1).arcsin()


@wrong("largest_principal_angle", "in degrees")
def angle_in_degrees(A, B):
    Q, R = _bases(A, B)
    return torch.linalg.svdvals(Q.T @ R).min().clamp(max=1).arccos().rad2deg()


@wrong("largest_principal_angle", "added up")
def angle_sum(A, B):
    Q, R = _bases(A, B)
    return torch.linalg.svdvals(Q.T @ R).clamp(max=1).arccos().sum()


@wrong("largest_principal_angle", "the mean of the angles")
def angle_mean(A, B):
    Q, R = _bases(A, B)
    return torch.linalg.svdvals(Q.T @ R).clamp(max=1).arccos().mean()


@wrong("largest_principal_angle", "all angles are returned")
def angle_all_of_them(A, B):
    Q, R = _bases(A, B)
    return torch.linalg.svdvals(Q.T @ R).clamp(max=1).arccos()


@wrong("largest_principal_angle", "but not two columns of one line")
def angle_without_the_cut(A, B):
    Q, R = _bases(A, B)
    return torch.linalg.svdvals(Q.T @ R).min().arccos()


@wrong("largest_principal_angle", "eigenvalues are taken")
def angle_by_eigenvalues(A, B):
    Q, R = _bases(A, B)
    return torch.linalg.eigvals(Q.T @ R).real.min().clamp(-1, 1).arccos()


@wrong("largest_principal_angle", "Of `A` only the first along k")
def angle_between_first_columns(A, B):
    return torch.nn.functional.cosine_similarity(A[:, 0], B[:, 0], dim=0).clamp(-1, 1).arccos()


@wrong("largest_principal_angle", "compared with one column of the other alone")
def angle_of_matched_columns(A, B):
    Q, R = _bases(A, B)
    return (Q * R).sum(0).abs().min().clamp(max=1).arccos()


@wrong("largest_principal_angle", "is a `return` missing")
def angle_forgotten(A, B):
    Q, R = _bases(A, B)
    torch.linalg.svdvals(Q.T @ R).min().clamp(max=1).arccos()


@wrong("largest_principal_angle", "`A` itself is changed")
def angle_changes_its_arguments(A, B):
    A /= 2.0
    Q, R = _bases(A, B)
    return torch.linalg.svdvals(Q.T @ R).min().clamp(max=1).arccos()


@right("largest_principal_angle")
def angle_by_singular_bases(A, B):
    U = torch.linalg.svd(A, full_matrices=False).U
    V = torch.linalg.svd(B, full_matrices=False).U
    return torch.acos(torch.clamp(torch.linalg.svd(U.mT @ V).S[-1], -1.0, 1.0))


@right("largest_principal_angle")
def angle_as_a_float_from_float64(A, B):
    Q, R = _bases(A.double(), B.double())
    return math.acos(min(1.0, torch.linalg.svdvals(Q.T @ R)[-1].item()))


@right("largest_principal_angle")
def angle_by_projectors(A, B):
    P = A @ torch.linalg.pinv(A)
    Q = B @ torch.linalg.pinv(B)
    return torch.linalg.matrix_norm(P - Q, ord=2).clamp(max=1).arcsin()


@right("largest_principal_angle")
def angle_by_the_rest(A, B):
    Q, R = _bases(A, B)
    inside = Q @ (Q.T @ R)
    sine = torch.linalg.svdvals(R - inside)[0]
    cosine = torch.linalg.svdvals(inside)[-1]
    return torch.atan2(sine, cosine)


@right("largest_principal_angle")
def angle_by_gram_schmidt(A, B):
    def orthonormal(M):
        columns = []
        for column in M.T:
            for known in columns:
                column = column - (column @ known) * known
            columns.append(column / column.norm())
        return torch.stack(columns, dim=1)

    squares = torch.linalg.eigvalsh(orthonormal(A).T @ orthonormal(B) @ orthonormal(B).T @ orthonormal(A))
    return squares.min().clamp(0, 1).sqrt().arccos()


@right("largest_principal_angle")
def angle_with_minus_signs_in_the_bases(A, B):
    Q, R = _bases(-A.flip(1), B)
    return torch.linalg.svdvals(R.T @ Q).arccos().nan_to_num(0.0).max()


@right("largest_principal_angle")
def angle_from_numpy(A, B):
    Q, R = np.linalg.qr(A.numpy())[0], np.linalg.qr(B.numpy())[0]
    return np.arccos(np.clip(np.linalg.svd(Q.T @ R)[1], 0, 1)).max()


@oracle("largest_principal_angle")
def angle_by_scipy(A, B):
    return float(scipy.linalg.subspace_angles(A.double().numpy(), B.double().numpy())[0])


# slips that were tried when this bank had none of them ------------------------------------------------------


class _Frozen(nn.Module):
    """A layer that is not trained, or that nothing is passed back to."""

    def __init__(self, n_in, n_hidden, n_out, how):
        super().__init__()
        self.first, self.second, self.how = nn.Linear(n_in, n_hidden), nn.Linear(n_hidden, n_out), how
        if how == "frozen":
            self.first.requires_grad_(False)

    def forward(self, x):
        hidden = torch.relu(self.first(x))
        return self.second(hidden.detach() if self.how == "detached" else hidden)


_MADE = {}


@wrong("build_encoder", "The answer is a list, it should be an nn.Module.")
def encoder_as_a_list(n_pixels, n_hidden, latent_dim):
    return [nn.Linear(n_pixels, n_hidden), nn.ReLU(), nn.Linear(n_hidden, latent_dim)]


@wrong("build_encoder", "The weights of a layer ask for no gradient (`requires_grad` is off): it")
def encoder_with_a_frozen_layer(n_pixels, n_hidden, latent_dim):
    return _Frozen(n_pixels, n_hidden, latent_dim, "frozen")


@wrong("build_encoder", "No gradient, or a wrong one, passes through the network: something in it")
def encoder_with_a_detached_hidden_layer(n_pixels, n_hidden, latent_dim):
    return _Frozen(n_pixels, n_hidden, latent_dim, "detached")


@wrong("build_encoder", "Two calls give the same weights to train: each call should make layers of")
def encoder_made_once(n_pixels, n_hidden, latent_dim):
    s = (n_pixels, n_hidden, latent_dim)
    if s not in _MADE:
        _MADE[s] = nn.Sequential(nn.Linear(*s[:2]), nn.ReLU(), nn.Linear(*s[1:]))
    return _MADE[s]


@wrong("build_encoder", "The answer is the class Encoder itself: a network is made by calling it.")
def encoder_class_itself(n_pixels, n_hidden, latent_dim):
    class Encoder(nn.Module):
        pass

    return Encoder


@wrong("build_decoder", "There is a tanh that is halved and moved to 0 to 1 at the end, where a")
def decoder_moved_tanh(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, lambda a: (a.tanh() + 1) / 2)


@wrong("build_decoder", "There is the logarithm of the sigmoid at the end, where a sigmoid should")
def decoder_logsigmoid(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, F.logsigmoid)


@wrong("build_decoder", "There is a ReLU and then a sigmoid at the end, where a sigmoid should be.")
def decoder_relu_then_sigmoid(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, lambda a: a.relu().sigmoid())


@wrong("build_decoder", "What the network makes of (15, 3) has the shape (15, 1, 5), it should be")
def decoder_unflattened(latent_dim, n_hidden, n_pixels):
    return _TwoLayers(latent_dim, n_hidden, n_pixels, lambda a: a.sigmoid().unflatten(1, (1, -1)))


@wrong("squared_error", "It is right when `x` is handed in with the other sign.")
def sqerr_added(x, x_hat):
    return ((x + x_hat) ** 2).sum(1)


@wrong("squared_error", "squared first and subtracted after")
def sqerr_of_squares(x, x_hat):
    return (x**2 - x_hat**2).sum(1)


@wrong("squared_error", "the largest square")
def sqerr_largest(x, x_hat):
    return ((x - x_hat) ** 2).amax(1)


@wrong("squared_error", "This is the first of B in the place of all.")
def sqerr_first(x, x_hat):
    return ((x[0] - x_hat[0]) ** 2).sum().expand(len(x))


@wrong("squared_error", "The answer is a list, it should be a torch tensor of shape (3,).")
def sqerr_list(x, x_hat):
    return [((a - b) ** 2).sum() for a, b in zip(x, x_hat, strict=True)]


@wrong("squared_error", "right down to 1e-06, and never smaller", "numbers come out right, a perfect reconstruction do")
def sqerr_kept_above(x, x_hat):
    return ((x - x_hat) ** 2).sum(1).clamp(min=1e-6)


@wrong("train_step", "`slope of the encoder`, `slope of the decoder`, `slope of the encoder in")
def step_two_backwards(encoder, decoder, optimizer, x):
    loss = _mean_error(encoder, decoder, x)
    optimizer.zero_grad()
    loss.backward(retain_graph=True)
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("train_step", "Of `x` only the first along B makes a difference.")
def step_first_picture(encoder, decoder, optimizer, x):
    loss = _mean_error(encoder, decoder, x[:1])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("train_step", "`loss`, `slope of the encoder`, `slope of the decoder`, `slope of the")
def step_batch_twice(encoder, decoder, optimizer, x):
    loss = _mean_error(encoder, decoder, x) / len(x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("train_step", "`x` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`,")
def step_changes_x(encoder, decoder, optimizer, x):
    loss = _mean_error(encoder, decoder, x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    x.mul_(0.5)
    return loss.item()


@wrong("train_step")
def step_on_abs(encoder, decoder, optimizer, x):
    loss = (x - decoder(encoder(x))).abs().sum(1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("largest_principal_angle", "The answer does not depend on `A`.")
def angle_outer(A, B):
    Q, R = _bases(A, B)
    return torch.linalg.svdvals(Q @ R.T).min().clamp(max=1).arccos()


@wrong("largest_principal_angle", "It is right down to 0.00141, and never smaller")
def angle_of_a_cosine_cut_below_1(A, B):
    Q, R = _bases(A, B)
    return torch.linalg.svdvals(Q.T @ R).min().clamp(max=1 - 1e-6).arccos()


@wrong("largest_principal_angle", "It is right down to 0.000488, and never smaller")
def angle_of_a_cosine_cut_at_what_float32_can_tell_from_1(A, B):
    Q, R = _bases(A, B)
    cosines = torch.linalg.svdvals(Q.T @ R)
    return cosines.min().clamp(max=1 - torch.finfo(torch.float32).eps).arccos()


@wrong("largest_principal_angle", "the product of the cosines")
def angle_det(A, B):
    Q, R = _bases(A, B)
    return torch.linalg.det(Q.T @ R).abs().clamp(max=1).arccos()


@wrong("largest_principal_angle", "These are the right numbers in another shape.")
def angle_list_of_one(A, B):
    Q, R = _bases(A, B)
    return torch.linalg.svdvals(Q.T @ R)[-1:].clamp(max=1).arccos()


@wrong("largest_principal_angle", "The answer holds values and their positions, as torch.min(…, dim) gives")
def angle_with_position(A, B):
    Q, R = _bases(A, B)
    return torch.linalg.svdvals(Q.T @ R).clamp(max=1).arccos().max(dim=0)
