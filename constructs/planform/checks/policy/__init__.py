"""Gate 1: the policy rules over everything that was compiled, in one evaluation."""
