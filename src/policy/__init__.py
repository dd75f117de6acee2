"""Rules over evidence: one pure evaluation for the live verdict, the job, the back-test and the simulation."""
