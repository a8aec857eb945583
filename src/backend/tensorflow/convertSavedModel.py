"""Converts a TensorFlow SavedModel into a TensorFlow.js graph model. Part of Pathlight; needs TensorFlow 2.4 or newer.

Usage: python convertSavedModel.py SAVED_MODEL OUT [SIGNATURE]

Variables become constants, functions are inlined, and what does not depend on an input is computed once. OUT receives
model.json and the weights in group1-shard*.bin. Each line on standard output is a JSON object: {"stage": sentence} on
the way, then {"done": {...}} or {"error": {"message", "expected"?, "found"?, "whatToDo"?}} as the last one.
"""

import json
import os
import re
import struct
import sys

# A folder of the user's that is called "tensorflow" is not the package.
sys.path = [place for place in sys.path if place not in ("", ".")]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

SHARD_BYTES = 4 * 1024 * 1024
INT32 = (-(2**31), 2**31 - 1)


class Refusal(Exception):
    """Something that the user can mend."""

    def __init__(self, message, expected=None, found=None, what_to_do=None):
        super().__init__(message)
        parts = {"message": message, "expected": expected, "found": found, "whatToDo": what_to_do}
        self.parts = {name: part for name, part in parts.items() if part is not None}


def say(line):
    print(json.dumps(line), flush=True)


def last_line(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__


def load(tf, folder):
    try:
        return tf.saved_model.load(folder)
    except Exception as error:  # noqa: BLE001 - TensorFlow raises nearly any class for a broken folder
        unknown = re.search(r"Op type not registered '([^']+)'", str(error))
        if unknown:
            raise Refusal(
                "The SavedModel uses a custom op.",
                "operations that TensorFlow itself has",
                unknown.group(1),
                "Export the model without this op, or as ONNX.",
            ) from error
        raise Refusal(
            "TensorFlow cannot read the SavedModel.",
            "a complete SavedModel: saved_model.pb and the files in variables/",
            last_line(error),
            "Save or copy the model again.",
        ) from error


def signature_of(loaded, wanted):
    signatures = getattr(loaded, "signatures", {})
    names = sorted(signatures)
    if not names:
        raise Refusal(
            "The SavedModel has no signature.",
            "a serving signature, which says what goes in and what comes out",
            "none",
            "Save it again with model.export(folder) in Keras 3, or tf.saved_model.save(model, folder, signatures=...).",
        )
    if wanted is None:
        wanted = "serving_default" if "serving_default" in names else names[0] if len(names) == 1 else None
    if wanted not in names:
        raise Refusal(
            "The SavedModel has several signatures and none is called serving_default."
            if wanted is None
            else "The SavedModel has no signature of this name.",
            "one of " + ", ".join(names),
            wanted or "none chosen",
            "Choose one of them with --signature.",
        )
    return wanted, signatures[wanted]


def freeze(tf, function):
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    try:
        return convert_variables_to_constants_v2(function, lower_control_flow=False, aggressive_inlining=True)
    except Exception as error:  # noqa: BLE001
        raise Refusal(
            "The variables of the model cannot be made constants.",
            "a model whose variables are only read when it predicts",
            last_line(error),
            "Export the model as ONNX instead (tf2onnx).",
        ) from error


def fold(frozen):
    """Grappler's pruning and constant folding: what is left depends on an input."""
    from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
    from tensorflow.python.grappler import tf_optimizer
    from tensorflow.python.training.saver import export_meta_graph

    graph = frozen.graph
    signature = meta_graph_pb2.SignatureDef()
    for kind, tensors in (("inputs", frozen.inputs), ("outputs", frozen.outputs)):
        for tensor in tensors:
            info = getattr(signature, kind)[tensor.name]
            info.name = tensor.name
            info.dtype = tensor.dtype.as_datatype_enum
            info.tensor_shape.CopyFrom(tensor.shape.as_proto())
    meta_graph = export_meta_graph(graph_def=graph.as_graph_def(), graph=graph)
    meta_graph.signature_def["pathlight"].CopyFrom(signature)
    config = config_pb2.ConfigProto()
    rewrite = config.graph_options.rewrite_options
    rewrite.meta_optimizer_iterations = rewrite.TWO
    rewrite.optimizers.extend(["pruning", "constfold", "dependency", "pruning", "constfold"])
    return tf_optimizer.OptimizeGraph(config, meta_graph)


def weight_of(tf, np, node):
    """A constant as tfjs stores it: name, shape, dtype and bytes. tfjs has float32, int32, bool and strings."""
    array = tf.make_ndarray(node.attr["value"].tensor)
    entry = {"name": node.name, "shape": list(array.shape)}
    if array.dtype.kind in "OSU":
        texts = [item if isinstance(item, bytes) else str(item).encode() for item in array.reshape(-1)]
        data = b"".join(struct.pack("<I", len(text)) + text for text in texts)
        return {**entry, "dtype": "string"}, data
    if array.dtype.kind == "b":
        return {**entry, "dtype": "bool"}, array.astype(np.uint8).tobytes()
    if array.dtype.kind in "iu":
        # Where an end of "as far as it goes" is written as the largest int64, the largest int32 means the same.
        return {**entry, "dtype": "int32"}, np.clip(array, *INT32).astype("<i4").tobytes()
    if array.dtype.kind == "c":
        return {**entry, "dtype": "complex64"}, array.astype("<c8").tobytes()
    return {**entry, "dtype": "float32"}, array.astype("<f4").tobytes()


def tensor_info(tensor):
    from tensorflow.core.framework import types_pb2

    shape = tensor.shape.as_list() if tensor.shape.rank is not None else None
    info = {"name": tensor.name, "dtype": types_pb2.DataType.Name(tensor.dtype.as_datatype_enum)}
    if shape is not None:
        info["tensorShape"] = {"dim": [{"size": str(-1 if size is None else size)} for size in shape]}
    return info


def write(tf, folder, graph_def, frozen, outputs):
    import numpy as np
    from google.protobuf.json_format import MessageToDict

    entries, chunks = [], []
    for node in graph_def.node:
        if node.op != "Const":
            continue
        entry, data = weight_of(tf, np, node)
        entries.append(entry)
        chunks.append(data)
        del node.attr["value"]
    topology = MessageToDict(graph_def)
    weights = b"".join(chunks)
    count = max(1, -(-len(weights) // SHARD_BYTES))
    os.makedirs(folder, exist_ok=True)
    paths = []
    for index in range(count):
        path = "group1-shard%dof%d.bin" % (index + 1, count)
        with open(os.path.join(folder, path), "wb") as file:
            file.write(weights[index * SHARD_BYTES : (index + 1) * SHARD_BYTES])
        paths.append(path)
    model = {
        "format": "graph-model",
        "generatedBy": tf.__version__,
        "convertedBy": "Pathlight",
        "signature": {
            "inputs": {tensor.op.name: tensor_info(tensor) for tensor in frozen.inputs},
            "outputs": {output: tensor_info(tensor) for output, tensor in zip(outputs, frozen.outputs)},
        },
        "modelTopology": topology,
        "weightsManifest": [{"paths": paths, "weights": entries}],
    }
    # Last, and in one move: a model.json that is there is complete.
    part = os.path.join(folder, "model.json.part")
    with open(part, "w", encoding="utf-8") as file:
        json.dump(model, file)
    os.replace(part, os.path.join(folder, "model.json"))
    return len(weights)


def output_names(function):
    """Names of the signature's outputs in the order of its tensors, which is the order of the sorted names."""
    structured = function.structured_outputs
    if isinstance(structured, dict) and len(structured) == len(function.outputs):
        return sorted(structured)
    return ["output_%d" % index for index in range(len(function.outputs))]


def convert(source, target, wanted):
    say({"stage": "Starting TensorFlow"})
    try:
        import tensorflow as tf
    except Exception as error:  # noqa: BLE001
        raise Refusal(
            "TensorFlow cannot be imported in this Python environment.",
            "the package tensorflow",
            last_line(error),
            sys.executable + " -m pip install tensorflow",
        ) from error
    if not os.path.isfile(os.path.join(source, "saved_model.pb")):
        raise Refusal(
            "The folder holds no SavedModel.", "saved_model.pb", "none", "Choose the folder that holds saved_model.pb."
        )
    say({"stage": "Reading the SavedModel"})
    loaded = load(tf, source)
    name, function = signature_of(loaded, wanted)
    say({"stage": "Freezing the variables"})
    frozen = freeze(tf, function)
    say({"stage": "Folding constants"})
    graph_def = fold(frozen)
    say({"stage": "Writing the TensorFlow.js model"})
    written = write(tf, target, graph_def, frozen, output_names(function))
    return {
        "file": os.path.join(target, "model.json"),
        "signature": name,
        "inputs": [tensor.op.name for tensor in frozen.inputs],
        "outputs": output_names(function),
        "nodes": len(graph_def.node),
        "weightBytes": written,
        "tensorflow": tf.__version__,
    }


def main(arguments):
    if len(arguments) not in (2, 3):
        say({"error": {"message": "Usage: convertSavedModel.py SAVED_MODEL OUT [SIGNATURE]"}})
        return 2
    try:
        say({"done": convert(arguments[0], arguments[1], arguments[2] if len(arguments) == 3 else None)})
        return 0
    except Refusal as refusal:
        say({"error": refusal.parts})
    except Exception as error:  # noqa: BLE001 - whatever it is, the other side gets one line that it can show
        say({"error": {"message": "The conversion failed.", "found": type(error).__name__ + ": " + last_line(error)}})
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
