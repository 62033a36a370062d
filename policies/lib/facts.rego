# What the blueprint says about an environment: `region`, `production`, `slots`, `teams`, ...
package lib.facts

# The facts of the environment that a resource, an object or a file belongs to.
of(subject) := input.facts.environments[subject.environment] if not input.review

# In the cluster a constraint hands its environment's facts over as parameters.
of(_) := input.parameters.facts if input.review
