from django.urls import path

from realtime.views import attendance, person_day

urlpatterns = [
    path("attendance/", attendance.attendance, name="attendance"),
    path("attendance/records/", attendance.records, name="attendance_records"),
    path("attendance/month/", attendance.month, name="attendance_month"),
    path("attendance/headcounts/<int:pk>/hand/", attendance.headcount_hand, name="headcount_hand"),
    path("attendance/<int:pk>/<str:day>/", person_day.person_day, name="attendance_person_day"),
    path("attendance/<int:pk>/<str:day>/mark/", person_day.mark, name="attendance_mark"),
]
