"""Asks a host's models as Triton's and MLServer's own clients do; prints what came, as JSON.

Runs in an environment of these clients alone. Arguments: the address of the data plane as host:port, the model, the
version that takes a table of the columns a to d, and the version that takes a tensor of 16 numbers a row.
"""

from __future__ import annotations

import json
import sys
import urllib.request

import numpy as np
import pandas as pd
import tritonclient.http as triton
from mlserver.codecs import NumpyCodec, NumpyRequestCodec, PandasCodec
from mlserver.types import InferenceResponse

ROWS = np.random.default_rng(7).random((3, 16), dtype=np.float32)
TABLE = pd.DataFrame([[0.1, 0.4, 0.2, 0.9], [0.1, 0.1, 0.1, 0.1]], columns=["a", "b", "c", "d"])


def main() -> None:
    """Asks everything, one after the other."""
    address, model, of_table, of_tensor = sys.argv[1:]
    client = triton.InferenceServerClient(address)
    print(
        json.dumps(
            {
                "rows": ROWS.tolist(),
                "live": client.is_server_live(),
                "ready": client.is_server_ready(),
                "modelReady": client.is_model_ready(model),
                "server": client.get_server_metadata()["name"],
                "model": client.get_model_metadata(model, of_tensor),
                "binary": ask_triton(client, model, of_tensor, binary=True).tolist(),
                "json": ask_triton(client, model, of_tensor, binary=False).tolist(),
                "packed": ask_packed(client, model, of_tensor).tolist(),
                "columns": ask_columns(client, model, of_table).reshape(-1).tolist(),
                "numpy": ask_mlserver(address, model, of_tensor, NumpyRequestCodec.encode_request(ROWS)).tolist(),
                "pandas": ask_mlserver(address, model, of_table, PandasCodec.encode_request(TABLE))
                .reshape(-1)
                .tolist(),
            }
        )
    )


def ask_triton(client: triton.InferenceServerClient, model: str, version: str, *, binary: bool) -> np.ndarray:
    """The answers to the tensor, both ways as bytes or both as JSON."""
    tensor = triton.InferInput("input", list(ROWS.shape), "FP32")
    tensor.set_data_from_numpy(ROWS, binary_data=binary)
    name = client.get_model_metadata(model, version)["outputs"][0]["name"]
    wanted = triton.InferRequestedOutput(name, binary_data=binary)
    return client.infer(model, [tensor], model_version=version, outputs=[wanted]).as_numpy(name)


def ask_columns(client: triton.InferenceServerClient, model: str, version: str) -> np.ndarray:
    """The answers to the table, an input for each column."""
    inputs = []
    for column in TABLE.columns:
        one = triton.InferInput(column, [len(TABLE), 1], "FP64")
        one.set_data_from_numpy(TABLE[[column]].to_numpy())
        inputs.append(one)
    answer = client.infer(model, inputs, model_version=version)
    return answer.as_numpy(answer.get_response()["outputs"][0]["name"])


def ask_packed(client: triton.InferenceServerClient, model: str, version: str) -> np.ndarray:
    """The answers to the tensor as bytes that this client packs."""
    tensor = triton.InferInput("input", list(ROWS.shape), "FP32")
    tensor.set_data_from_numpy(ROWS)
    answer = client.infer(model, [tensor], model_version=version, request_compression_algorithm="gzip")
    return answer.as_numpy(answer.get_response()["outputs"][0]["name"])


def ask_mlserver(address: str, model: str, version: str, request) -> np.ndarray:
    """The answer to a request that MLServer's codecs have made, read by its own types."""
    url = f"http://{address}/v2/models/{model}/versions/{version}/infer"
    body = request.model_dump_json().encode()
    asked = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        response = InferenceResponse.model_validate_json(answer.read())
    return NumpyCodec.decode_output(response.outputs[0])


if __name__ == "__main__":
    main()
