"""The design of a game, from a file to a plan.

``load.read`` reads a file, ``validate.check`` finds every problem in it, ``normalise.normalise`` gives its canonical
form, ``compile.compile_design`` the plan that the rules judge with; ``diff`` and ``export`` show designs to people.
"""
