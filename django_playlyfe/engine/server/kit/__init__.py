"""What every route needs: parameters, bodies, answers, and the edge where failures become answers."""
