"""The arguments of a call on their way to a student's function, and what is done with them after it.

Tensors go in as numbers, torch's own networks and optimizers part by part; functions, and networks that a test wrote
itself, stay here and are called from inside. After the call the arguments here are changed as those inside were.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from grading.sandbox.wire import Reader, WireError, Writer

LIBRARIES = ("torch.nn.modules.", "vae_lib.")


class Unsendable(Exception):
    """A test hands over what cannot be sent: a fault of the test."""


class Standin:
    """What stands here for something that is inside; `student_handle` is its number there."""

    def student_handle(self) -> int:
        raise NotImplementedError


class Sending(Writer):
    """The arguments of one call, and what is to be done with them after it."""

    def __init__(self, callbacks: list[tuple[Callable, list[Tensor]]]):
        super().__init__(self.pack_special)
        self.callbacks = callbacks
        self.held: list[Tensor] = []
        self.optimizers: list[torch.optim.Optimizer] = []

    def pack_special(self, _: Writer, value: Any) -> dict:
        if isinstance(value, Standin):
            return {"t": "handle", "h": value.student_handle()}
        if isinstance(value, nn.Module):
            return self.network(value)
        if isinstance(value, torch.optim.Optimizer):
            return self.optimizer(value)
        if isinstance(value, torch.Generator):
            return {"t": "generator", "state": self.value(value.get_state())}
        if isinstance(value, torch.dtype):
            return {"t": "dtype", "name": str(value).removeprefix("torch.")}
        if callable(value):
            return {"t": "callback", "id": self.callback(value), "name": getattr(value, "__name__", "function")}
        raise Unsendable(f"The test hands over a {type(value).__name__}, which cannot be sent.")

    def callback(self, function: Callable) -> int:
        self.callbacks.append((function, self.held))  # the list fills as the other arguments are packed
        return len(self.callbacks) - 1

    def network(self, network: nn.Module) -> dict:
        """Torch's own networks go in whole; a network that the test wrote itself stays, and is called from inside."""
        kind, settings = type(network), own_settings(network)
        tree = {"t": "network", "class": f"{kind.__module__}.{kind.__qualname__}", "training": network.training}
        if settings is None or not (kind.__module__ + ".").startswith(LIBRARIES):
            parameters, buffers = list(network.named_parameters()), list(network.named_buffers())
            tree |= {"id": self.callback(network)}
        else:
            parameters, buffers = network._parameters.items(), network._buffers.items()
            children = [[name, child and self.network(child)] for name, child in network._modules.items()]
            tree |= {"settings": self.value(settings), "children": children}
        tree |= {"parameters": [[name, self.hold(p)] for name, p in parameters]}
        tree |= {"buffers": [[name, self.value(b)] for name, b in buffers]}
        return tree | {"slopes": self.slopes(p for _, p in parameters if p is not None)}

    def hold(self, parameter: Tensor | None) -> Any:
        """A parameter that functions among the arguments may use too."""
        if parameter is not None and not any(parameter is known for known in self.held):
            self.held.append(parameter)
        return self.value(parameter)

    def slopes(self, parameters: Any) -> list:
        found = [(self.tensor(p)["i"], p.grad) for p in parameters]
        return [[place, self.value(slope)] for place, slope in found if slope is not None]

    def optimizer(self, optimizer: torch.optim.Optimizer) -> dict:
        kind = type(optimizer)
        if getattr(torch.optim, kind.__name__, None) is not kind:
            raise Unsendable(f"The test hands over a {kind.__name__}, which is not one of torch.optim's.")
        self.optimizers.append(optimizer)
        parameters = held_by(optimizer)
        for parameter in parameters:
            self.hold(parameter)
        groups = [self.value(dict(group)) for group in optimizer.param_groups]
        states = [[self.value(p), self.value(dict(optimizer.state[p]))] for p in parameters if p in optimizer.state]
        tree = {"t": "optimizer", "class": kind.__name__, "groups": groups, "states": states}
        return tree | {"parameters": [["", self.value(p)] for p in parameters], "slopes": self.slopes(parameters)}

    def take_changes(self, reply: dict, reader: Reader) -> None:
        """Do here what the function did to its arguments inside: new numbers, slopes, whether it asks for
        them, an optimizer's memory."""
        for change in reply.get("changes") or []:
            tensor = self.tensors[natural(change["place"])]
            if "value" in change:
                set_values([tensor], [reader.value(change["value"])])
            if type(change.get("grad")) is bool and tensor.is_leaf and tensor.is_floating_point():
                tensor.requires_grad_(change["grad"])
            if "slope" in change and tensor.is_leaf:
                slope = reader.value(change["slope"])
                tensor.grad = None if slope is None else slope.to(tensor.dtype).reshape(tensor.shape)
        for optimizer, states in zip(self.optimizers, reply.get("optimizers") or [], strict=True):
            for parameter, tree in zip(held_by(optimizer), states, strict=True):
                optimizer.state[parameter] = reader.value(tree)


def change_lists(lists: list[list], reply: dict) -> None:
    """Change the lists that were handed over as those inside were: by the former places of what they hold."""
    for own, places in zip(lists, reply.get("lists") or [None] * len(lists), strict=True):
        if places is not None:
            kept = [place if place is None else natural(place) for place in places]
            own[:] = [own[place] if place is not None and place < len(own) else None for place in kept]


def own_settings(network: nn.Module) -> dict | None:
    """What a network holds besides its parts, if that is plain; its hooks must be none."""
    fresh = vars(nn.Module())
    own = {key: value for key, value in vars(network).items() if key not in fresh}
    hooks = any(vars(network).get(key) for key in fresh if "hooks" in key)
    return None if hooks or not all(is_plain(value) for value in own.values()) else own | {"training": network.training}


def is_plain(value: object) -> bool:
    if type(value) in (tuple, list):
        return all(map(is_plain, value))
    return value is None or type(value) in (bool, int, float, str)


def held_by(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def set_values(tensors: list[Tensor], values: list[Any]) -> None:
    """Write the values into the tensors, in place where the shapes agree; what overlaps itself is made anew."""
    for tensor, value in zip(tensors, values, strict=True):
        if not isinstance(value, Tensor):
            raise WireError("The answer cannot be read.")
        overlaps = any(stride == 0 and size > 1 for stride, size in zip(tensor.stride(), tensor.shape, strict=True))
        with torch.no_grad():
            if value.shape == tensor.shape and value.dtype == tensor.dtype and not overlaps:
                tensor.copy_(value)
            else:
                tensor.data = value


def natural(value: object) -> int:
    if type(value) is not int or value < 0:
        raise WireError("The answer cannot be read.")
    return value
