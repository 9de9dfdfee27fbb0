"""The licensed glabellar treatment in six lines, and a needle placed 3 mm too high."""

import glabella as g

plan = g.Plan.label("onabotulinumtoxinA", "glabellar")
patient = g.Patient(age_years=45)
for finding in g.check_plan(plan, patient):
    print(finding.severity, finding.what)
out = g.simulate(plan, patient=patient, days=120, samples=4, seed=7)
high = g.simulate(plan.move("corrugator_lateral_left", up_mm=3), patient=patient, days=120, samples=4, seed=7)
for day in (0, 14, 60, 120):
    print(f"day {day:3d}: strain {out.strain('glabellar').at(day):.3f}, one needle 3 mm higher {high.strain('glabellar').at(day):.3f}")
print(f"eyelid ptosis: {out.unwanted['eyelid_ptosis'].probability:.3f} per person")
print(len(out.sources().references), "references behind this result")
