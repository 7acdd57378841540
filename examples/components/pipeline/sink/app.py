# The last stage of the pipeline. An error would be raised as componentize_py_types.Err.
from componentize_py_types import Err
from wit_world import exports


class DataSink(exports.DataSink):
    def store(self, data: bytes) -> str:
        if not data:
            raise Err("Nothing to store")
        return f"Stored {len(data)} bytes successfully"
