"""A schema of the API, read: its calls, and its shapes without references and without room."""

from typing import Any


def operations(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the calls of a schema by method and path."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }


def strict(shape: Any, schema: dict[str, Any], *, is_whole: bool = False) -> Any:
    """Return the shape with all references resolved, in which no field may be that is not described.

    A `whole` answer has every field; what is only written is in none.
    """
    if isinstance(shape, list):
        return [strict(each, schema, is_whole=is_whole) for each in shape]
    if not isinstance(shape, dict):
        return shape
    if reference := shape.get("$ref"):
        return strict(schema["components"]["schemas"][reference.rpartition("/")[2]], schema, is_whole=is_whole)
    made = {name: strict(value, schema, is_whole=is_whole) for name, value in shape.items()}
    if "properties" in made:
        made["additionalProperties"] = False
        if is_whole:
            read = {name: each for name, each in made["properties"].items() if not each.get("writeOnly")}
            made |= {"properties": read, "required": list(read)}
    return made
