"""Prompt and answer as Hark writes them: what a model is trained on has to be what it will see.

The twin of `src/planner/signature.rs` and `prompts/trained-*.md`; `fixtures/planner/form.json` keeps both the same.
A prompt has a head, one block a tool, and the rest. No block depends on another one, so that Hark computes a tool
once and keeps it, whichever others stand beside it (Block-Attention, Sun et al. 2024).
"""

import json
import unicodedata

BRIEF, LINE = 120, 80
SHOWN_VALUES = 12
HEAD = "<|im_start|>system\nChoose the tool calls that carry out the user's command.\n"


def harmless(text):
    text = " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())
    return text.replace("<|", "< |").replace("|>", "| >").replace("</", "< /")


def first_sentence(text):
    text = text.strip()
    for at, c in enumerate(text):
        if c == "\n" or (c in ".!?" and text[at + 1 : at + 2].isspace() and not text[:at].endswith("e.g")):
            return text[:at].rstrip(".:")
    return text.rstrip(".:")


def cut(text, limit):
    return text if len(text) <= limit else text[:limit].rstrip() + "…"


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def kind(schema, depth=0):
    if depth > 3 or not isinstance(schema, dict):
        return "any"
    if isinstance(schema.get("enum"), list):
        shown = [harmless(compact(v)) for v in schema["enum"][:SHOWN_VALUES]]
        return "|".join(shown + ["…"] * (len(schema["enum"]) > SHOWN_VALUES))
    if "const" in schema:
        return harmless(compact(schema["const"]))
    for keyword in ("anyOf", "oneOf"):
        if isinstance(schema.get(keyword), list):
            kinds = []
            for branch in schema[keyword]:
                if isinstance(branch, dict) and branch.get("type") == "null":
                    continue
                one = kind(branch, depth + 1)
                if one not in kinds:
                    kinds.append(one)
            return "|".join(kinds)
    type_ = schema.get("type")
    if type_ == "array":
        return kind(schema["items"], depth + 1) + "[]" if "items" in schema else "any[]"
    if type_ == "object":
        members = [f"{harmless(n)}: {kind(m, depth + 1)}" for n, m in (schema.get("properties") or {}).items()]
        return "{" + ", ".join(members) + "}" if members else "object"
    if isinstance(type_, str):
        return harmless(type_)
    if isinstance(type_, list):
        return "|".join(harmless(t) for t in type_ if t != "null")
    return "any"


def parameters(schema):
    """Names and schemas, those that must be given first."""
    required = schema.get("required") or []
    return sorted((schema.get("properties") or {}).items(), key=lambda item: item[0] not in required)


def block(tool):
    """A tool's lines in the prompt. `tool`: service, name, description, inputSchema."""
    schema = tool["inputSchema"]
    required = schema.get("required") or []
    listed = parameters(schema)
    signature = ", ".join(f"{harmless(n)}{'' if n in required else '?'}: {kind(s)}" for n, s in listed)
    lines = f"{harmless(tool['service'] + '.' + tool['name'])}({signature})"
    description = cut(harmless(first_sentence(tool.get("description") or "")), BRIEF)
    if description:
        lines += " - " + description
    for name, one in listed:
        text = one.get("description") if isinstance(one, dict) else None
        if isinstance(text, str) and text.strip():
            lines += f"\n {harmless(name)}: {cut(harmless(text), LINE)}"
    return lines + "\n"


def rest(command, turns=(), pending=None):
    """From the end of the tools to where the answer begins. `turns`: pairs of what was said and answered;
    `pending`: tool, missing, known."""
    lines = "<|im_end|>\n<|im_start|>user\n"
    for said, answered in turns:
        lines += f"user: {harmless(said)}\nassistant: {harmless(answered)}\n"
    if pending:
        tool, missing, known = pending
        lines += f"asked for {harmless(missing)} of {harmless(tool)}, known {harmless(compact(known))}\n"
    return lines + f"command: {harmless(command)}<|im_end|>\n<|im_start|>assistant\n"


def arranged(tool, params):
    """Arguments in the order of the schema, those that must be given first."""
    return {name: params[name] for name, _ in parameters(tool["inputSchema"]) if name in params}


def answer(steps, asks=False):
    """`steps`: pairs of a tool and its arguments."""
    calls = [{"service": t["service"], "tool": t["name"], "params": arranged(t, p)} for t, p in steps]
    return compact({"selectedTools": calls, "needsClarification": True} if asks else {"selectedTools": calls})
