"""Training of new people (MO 4.1.2; SDM-4): softskill, hardskill with tests, passive and active tandem, validation of
recording samples by QC, recap, and the decision of manager or coordinator: join date, back to hardskill, or out."""
