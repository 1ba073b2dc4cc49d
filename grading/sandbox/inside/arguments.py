"""The arguments of a call, rebuilt in the child: tensors, networks, optimizers, and functions that stay with the judge.

After the call the judge is told what became of them, since a student's function may change what it was given: that is
a mistake where it should not, and the point of a training step.
"""

import importlib
from typing import Any

import torch
from torch import Tensor, nn

from grading.sandbox.inside.remote import RemoteNetwork, remote_function
from grading.sandbox.wire import Reader, WireError, Writer, content, rebuild

LIBRARIES = ("torch.nn.modules.", "vae_lib.")


class Arguments:
    """`positional` and `named` arguments; `leaves` are the tensors to differentiate by, in the judge's order.

    `parameters` are the tensors that networks and optimizers hold: a function that stays with the judge may use them
    too, so their values travel with each of its calls.
    """

    def __init__(self, header: dict, blobs: list[bytes], handles: list[Any]):
        self.handles, self.parameters, self.leaves = handles, [], []
        self.optimizers: list[torch.optim.Optimizer] = []
        self.tensors = [self.tensor(*pair) for pair in zip(header["tensors"], blobs, strict=True)]
        self.before = [content(tensor) for tensor in self.tensors]
        self.flags = [tensor.requires_grad for tensor in self.tensors]
        self.had_slopes = [False] * len(self.tensors)
        reader = Reader(self.tensors, self.special)
        self.positional = reader.value(header["positional"])
        self.named = reader.value(header["named"])
        lists = [value for value in (*self.positional, *self.named.values()) if isinstance(value, list)]
        self.lists = [(value, list(value)) for value in lists]

    def tensor(self, meta: dict, blob: bytes) -> Tensor:
        """A tensor as the judge has it: with its strides, and a leaf or not."""
        tensor = in_memory(rebuild(meta, blob), meta["strides"])
        if meta["parameter"]:
            tensor = nn.Parameter(tensor, requires_grad=meta["grad"])
        if meta["grad"]:
            self.leaves.append(tensor.requires_grad_())
            tensor = tensor if meta["leaf"] else tensor.view_as(tensor)
        return tensor

    def special(self, reader: Reader, tree: dict) -> Any:
        kind = tree["t"]
        if kind == "handle":
            return self.handles[tree["h"]]
        if kind == "callback":
            return remote_function(tree["id"], tree["name"])
        if kind == "network":
            return self.network(reader, tree)
        if kind == "optimizer":
            return self.optimizer(reader, tree)
        if kind == "generator":
            generator = torch.Generator()
            generator.set_state(reader.value(tree["state"]))
            return generator
        if kind == "dtype":
            return getattr(torch, tree["name"])
        raise WireError(f"The judge sent a {kind}.")

    def network(self, reader: Reader, tree: dict) -> nn.Module:
        """A network of torch's own parts, part by part; any other is called where the judge has it."""
        held = {key: {name: reader.value(item) for name, item in tree[key]} for key in ("parameters", "buffers")}
        self.hold(reader, tree)
        if "id" in tree:
            return RemoteNetwork(tree["id"], held["parameters"], held["buffers"], tree["training"])
        module, _, name = tree["class"].rpartition(".")
        if not (module + ".").startswith(LIBRARIES):
            raise WireError(f"The judge sent a {tree['class']}.")
        kind = getattr(importlib.import_module(module), name)
        network = kind.__new__(kind)
        nn.Module.__init__(network)
        vars(network).update(reader.value(tree["settings"]))
        for name, parameter in held["parameters"].items():
            network.register_parameter(name, parameter)
        for name, buffer in held["buffers"].items():
            network.register_buffer(name, buffer)
        for name, child in tree["children"]:
            network.add_module(name, child and self.network(reader, child))
        return network

    def hold(self, reader: Reader, tree: dict) -> None:
        for _, item in tree["parameters"]:
            parameter = reader.value(item)
            if parameter is not None and not any(parameter is known for known in self.parameters):
                self.parameters.append(parameter)
        for place, slope in tree["slopes"]:
            self.tensors[place].grad = reader.value(slope)
            self.had_slopes[place] = True

    def optimizer(self, reader: Reader, tree: dict) -> torch.optim.Optimizer:
        self.hold(reader, tree)
        groups = [reader.value(group) for group in tree["groups"]]
        optimizer = getattr(torch.optim, tree["class"])(groups)
        for parameter, state in tree["states"]:
            optimizer.state[reader.value(parameter)] = reader.value(state)
        self.optimizers.append(optimizer)
        return optimizer

    def list_changes(self) -> list:
        """For each list that was handed over the former places of what it holds now; None where nothing is changed,
        or for what is new in it."""
        found = []
        for now, before in self.lists:
            same = len(now) == len(before) and all(a is b for a, b in zip(now, before, strict=True))
            former = {id(item): place for place, item in enumerate(before)}
            found.append(None if same else [former.get(id(item)) for item in now[:1000]])
        return found

    def changes(self, writer: Writer) -> list[dict]:
        """What became of each tensor that was handed over: its new numbers, if they are new, and its slopes."""
        found = []
        for place, (tensor, before) in enumerate(zip(self.tensors, self.before, strict=True)):
            change = {}
            if content(tensor) != before:
                change["value"] = writer.value(tensor.detach().clone())
            if tensor.requires_grad != self.flags[place]:
                change["grad"] = tensor.requires_grad
            if self.had_slopes[place] or (tensor.is_leaf and tensor.grad is not None):
                change["slope"] = None if tensor.grad is None else writer.value(tensor.grad.detach().clone())
            if change:
                found.append(change | {"place": place})
        return found

    def optimizer_states(self, writer: Writer) -> list:
        """Each optimizer's memory of each of its parameters (momentum, counts), in order."""
        return [
            [
                writer.value(dict(optimizer.state.get(p, {})))
                for group in optimizer.param_groups
                for p in group["params"]
            ]
            for optimizer in self.optimizers
        ]


def in_memory(tensor: Tensor, strides: list[int]) -> Tensor:
    """The same numbers, laid out as the judge has them: transposed, spread out, or one number for many places."""
    if not tensor.numel() or list(tensor.stride()) == strides:
        return tensor
    repeated = [axis for axis, stride in enumerate(strides) if stride == 0 and tensor.shape[axis] > 1]
    once = tensor
    for axis in repeated:
        once = once.narrow(axis, 0, 1)
    laid_out = torch.empty_strided(once.shape, strides, dtype=tensor.dtype).copy_(once)
    return laid_out.expand(tensor.shape) if repeated else laid_out
