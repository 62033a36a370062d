"""One typed interface per capability: what other components may ask of it, and the values they get back.

A contract is a Protocol; a component that provides it simply has its methods. Asking may make records in
the provider's own stack: `keys.key("database", users=[...])` creates a key where keys live and returns its
name. Every value is known at compile time, computed from the names that planform itself gives, so it is a
reference in the stack that owns the resource and a literal everywhere else.
"""
